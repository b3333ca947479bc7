// Receive signed webhooks with Express, version 4 or 5.
//
//     npm install express
//     SECRET=... PORT=8900 node receiver_express.mjs

import { createHmac, timingSafeEqual } from "node:crypto";
import express from "express";

const SECRET = process.env.SECRET; // As it was shown: not decoded.
if (!SECRET) throw new Error("SECRET is not set.");
const PORT = Number(process.env.PORT ?? 8900);
const NOW = process.env.BI_NOW; // For tests only: a clock that stands still.
const WINDOW_MS = 5 * 60 * 1000;
const MAX_BODY = 64 * 1024 * 1024;
const REMEMBERED = 10_000;
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Middleware: on to the route with genuine deliveries only, else 401. */
function verified(request, response, next) {
  // Without a body express.raw leaves something else there.
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const date = request.get("BI-Signature-Date") ?? "";
  // As on the wire; mounted routers cut the beginning off request.path and request.url.
  const path = request.originalUrl.split("?")[0];
  const expected = createHmac("sha256", SECRET)
    .update(`${request.method}.${path}.${date}.`)
    .update(body)
    .digest("base64");
  const given = Buffer.from(request.get("BI-Signature") ?? "", "latin1");
  const wanted = Buffer.from(expected, "latin1");
  // timingSafeEqual throws where the lengths differ.
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    return refuse(response, "signature");
  }
  const now = NOW ? Date.parse(NOW) : Date.now();
  const age = now - (DATE.test(date) ? Date.parse(date) : NaN);
  if (!(Math.abs(age) <= WINDOW_MS)) return refuse(response, "date"); // NaN too.
  next();
}

function refuse(response, reason) {
  console.log(`refused: ${reason}`);
  response.status(401).end();
}

/** The id in the body, which is signed; CFONB files have it in a header only. */
function deliveryId(request) {
  try {
    const id = JSON.parse(request.body).id_webhook_data;
    if (id !== undefined) return String(id);
  } catch {
    // Not JSON.
  }
  return request.get("X-Webhook-Data-Id") ?? "";
}

// The latest ids. In production: a unique column, in your transaction.
const seen = new Set();

function isNew(id) {
  if (seen.has(id)) return false;
  seen.add(id);
  if (seen.size > REMEMBERED) seen.delete(seen.values().next().value);
  return true;
}

const app = express();
app.disable("x-powered-by");
// First the raw body, of any type, unpacked: that is what is signed. If the rest of your
// application uses express.json(), let it come after this route, or the bytes are gone.
const raw = express.raw({ type: () => true, inflate: true, limit: MAX_BODY });
app.post(/.*/, raw, verified, (request, response) => {
  const id = deliveryId(request);
  // Keep the body, answer at once, and work on it afterwards.
  console.log(`${isNew(id) ? "accepted" : "duplicate"} ${id}`);
  response.status(204).end();
});
// What express.raw could not unpack.
app.use((error, request, response, next) => {
  if (error.status !== 400) return next(error);
  refuse(response, "body");
});
app.listen(PORT, "127.0.0.1");
