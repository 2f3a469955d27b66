// The words of the page's language: the catalog that the page loads before its modules. makemessages finds the calls.

// Of `window` itself: the admin's forms put an object of their own in the place of window.django.
export const gettext = window.gettext ?? ((text) => text);
export const ngettext = window.ngettext ?? ((one, many, count) => (count === 1 ? one : many));
export const interpolate =
  window.interpolate ?? ((text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => String(values[name])));
export const language = document.documentElement.lang || "en";
