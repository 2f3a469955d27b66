// The list of messages: each with its role, its text and its pictures.

import { element } from "../../relay/console/elements.js";
import { gettext } from "../../relay/console/words.js";

const list = document.getElementById("messages");
const pictures = new WeakMap();

const changed = () => list.dispatchEvent(new Event("input", { bubbles: true }));

const showImages = (item) => {
  const images = pictures.get(item);
  const chips = images.map((url, place) => {
    // Only what was chosen here is shown: nothing is loaded from another host.
    const shown = url.startsWith("data:image/")
      ? element("img", { src: url, alt: gettext("Chosen picture") })
      : element("span", { textContent: url, title: url });
    const remove = element("button", { type: "button", textContent: "×", ariaLabel: gettext("Remove this image") });
    remove.addEventListener("click", () => {
      images.splice(place, 1);
      showImages(item);
      changed();
    });
    return element("li", { className: "chip" }, shown, remove);
  });
  item.querySelector(".message-images").replaceChildren(...chips);
};

const addressOf = (file) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });

const addImages = (item, urls) => {
  pictures.get(item).push(...urls);
  showImages(item);
  changed();
};

const listen = (item) => {
  const find = (name) => item.querySelector(`.message-${name}`);
  find("image").addEventListener("click", (event) => {
    find("adding").hidden = !find("adding").hidden;
    event.currentTarget.setAttribute("aria-expanded", String(!find("adding").hidden));
  });
  find("file").addEventListener("change", async (event) => {
    const field = event.target;
    addImages(item, await Promise.all([...field.files].map(addressOf)));
    field.value = "";
  });
  find("add").addEventListener("click", () => {
    const field = find("address");
    if (!field.value.trim()) return field.focus();
    addImages(item, [field.value.trim()]);
    field.value = "";
  });
  find("remove").addEventListener("click", () => {
    item.remove();
    if (list.children.length === 0) addMessage();
    changed();
  });
};

export const addMessage = ({ role = "user", text = "", images = [] } = {}) => {
  const item = document.getElementById("message").content.firstElementChild.cloneNode(true);
  item.querySelector(".message-role").value = role;
  const field = item.querySelector(".message-text");
  field.value = text;
  pictures.set(item, [...images]);
  listen(item);
  showImages(item);
  list.append(item);
  return field;
};

export const read = () =>
  [...list.children].map((item) => ({
    role: item.querySelector(".message-role").value,
    text: item.querySelector(".message-text").value,
    images: pictures.get(item),
  }));

export const initialize = (given) => {
  for (const message of given?.length ? given : [{}]) addMessage(message);
  document.getElementById("add-message").addEventListener("click", () => {
    const last = read().at(-1);
    addMessage({ role: last.role === "user" && last.text ? "assistant" : "user" }).focus();
  });
};
