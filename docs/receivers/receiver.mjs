// Receive signed webhooks with Node.js alone, version 18 or later.
//
//     SECRET=... PORT=8900 node receiver.mjs
//
// For production put a proxy with TLS in front of it, one that does not rewrite paths.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";

const SECRET = process.env.SECRET; // As it was shown: not decoded.
if (!SECRET) throw new Error("SECRET is not set.");
const PORT = Number(process.env.PORT ?? 8900);
const NOW = process.env.BI_NOW; // For tests only: a clock that stands still.
const WINDOW_MS = 5 * 60 * 1000;
const MAX_BODY = 64 * 1024 * 1024;
const REMEMBERED = 10_000;
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

class Refused extends Error {}

/** The text of a genuine delivery; `raw` is the body before anything parsed it. */
function verify(request, raw) {
  const body = request.headers["content-encoding"] === "gzip" ? gunzip(raw) : raw;
  const date = request.headers["bi-signature-date"] ?? "";
  const path = request.url.split("?")[0]; // As on the wire: no query, escapes kept.
  const expected = createHmac("sha256", SECRET)
    .update(`${request.method}.${path}.${date}.`)
    .update(body) // A Buffer: made a string, it might change.
    .digest("base64");
  const given = Buffer.from(request.headers["bi-signature"] ?? "", "latin1");
  const wanted = Buffer.from(expected, "latin1");
  // timingSafeEqual throws where the lengths differ.
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new Refused("signature");
  }
  const age = now() - (DATE.test(date) ? Date.parse(date) : NaN);
  if (!(Math.abs(age) <= WINDOW_MS)) throw new Refused("date"); // NaN is refused too.
  return body;
}

/** Unpack up to 64 MB: a few bytes can become gigabytes. */
function gunzip(raw) {
  try {
    return gunzipSync(raw, { maxOutputLength: MAX_BODY });
  } catch {
    throw new Refused("gzip");
  }
}

function now() {
  return NOW ? Date.parse(NOW) : Date.now();
}

/** The id in the body, which is signed; CFONB files have it in a header only. */
function deliveryId(request, body) {
  try {
    const id = JSON.parse(body).id_webhook_data;
    if (id !== undefined) return String(id);
  } catch {
    // Not JSON.
  }
  return request.headers["x-webhook-data-id"] ?? "";
}

// The latest ids. In production: a unique column, in your transaction.
const seen = new Set();

function isNew(id) {
  if (seen.has(id)) return false;
  seen.add(id);
  if (seen.size > REMEMBERED) seen.delete(seen.values().next().value);
  return true;
}

async function read(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function receive(request, response) {
  if (request.method !== "POST") return response.writeHead(405).end();
  const raw = await read(request); // First the raw body.
  if (raw === null) return response.writeHead(413, { Connection: "close" }).end();
  try {
    const body = verify(request, raw);
    const id = deliveryId(request, body);
    // Keep the body, answer at once, and work on it afterwards.
    console.log(`${isNew(id) ? "accepted" : "duplicate"} ${id}`);
    response.writeHead(204).end();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.log(`refused: ${error.message}`);
    response.writeHead(401).end();
  }
}

createServer((request, response) => {
  receive(request, response).catch((error) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
}).listen(PORT, "127.0.0.1");
