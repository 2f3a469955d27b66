"use strict";

// A file of its own, because the Content-Security-Policy allows no script inside a page.

const element = document.getElementById("swagger-ui");

// "Try it out" with the session of the admin: the cookie goes by itself, the CSRF token does not.
const withToken = (request) => {
  const found = document.cookie.match(/(?:^|; )relay_csrf=([^;]*)/);
  if (found && !["GET", "HEAD"].includes((request.method || "GET").toUpperCase())) {
    request.headers["X-CSRFToken"] = decodeURIComponent(found[1]);
  }
  return request;
};

SwaggerUIBundle({
  url: element.dataset.document,
  domNode: element,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  requestInterceptor: withToken,
});
