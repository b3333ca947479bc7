// Starts Swagger UI. A file of its own, since the policy of the page allows no inline
// script.
"use strict";

const page = document.getElementById("swagger-ui");
SwaggerUIBundle({
  domNode: page,
  url: page.dataset.document,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  // No badge of a validator that is elsewhere.
  validatorUrl: null,
});
