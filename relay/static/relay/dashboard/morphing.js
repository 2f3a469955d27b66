// Makes one part of the page like another and touches only what differs, so that focus, selection and open
// details stay where they are.

const attributes = (old, fresh) => {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
};

export const morph = (old, fresh) => {
  if (old.isEqualNode(fresh)) return;
  const isAlike = old.nodeName === fresh.nodeName && old.childNodes.length === fresh.childNodes.length;
  if (!isAlike || (old.nodeType !== Node.ELEMENT_NODE && old.nodeType !== Node.TEXT_NODE)) {
    old.replaceWith(fresh);
  } else if (old.nodeType === Node.TEXT_NODE) {
    old.data = fresh.data;
  } else {
    attributes(old, fresh);
    const others = [...fresh.childNodes];
    [...old.childNodes].forEach((child, place) => morph(child, others[place]));
  }
};
