//! Receive signed webhooks with Rust and tiny_http.
//!
//!     SECRET=... PORT=8900 cargo run --release
//!
//! For production put a proxy with TLS in front of it, one that does not rewrite paths.

use std::collections::{HashSet, VecDeque};
use std::env;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::thread;

use base64::{engine::general_purpose::STANDARD, Engine};
use chrono::{NaiveDateTime, TimeDelta, Utc};
use flate2::read::GzDecoder;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tiny_http::{Method, Request, Response, Server};

const MAX_BODY: u64 = 64 * 1024 * 1024;
const REMEMBERED: usize = 10_000;
const THREADS: usize = 8;

/// The text of a genuine delivery, or why it is none.
fn verify(request: &Request, raw: Vec<u8>, secret: &[u8]) -> Result<Vec<u8>, &'static str> {
    let body = match header(request, "Content-Encoding") {
        "gzip" => gunzip(&raw)?,
        _ => raw,
    };
    let date = header(request, "BI-Signature-Date");
    // As on the wire: no query, escapes left alone.
    let path = request.url().split('?').next().unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length will do");
    mac.update(format!("{}.{}.{}.", request.method(), path, date).as_bytes());
    mac.update(&body);
    let given = STANDARD
        .decode(header(request, "BI-Signature"))
        .map_err(|_| "signature")?;
    // In constant time, and of 32 bytes: verify_slice refuses any other length.
    mac.verify_slice(&given).map_err(|_| "signature")?;
    let age = now()? - instant(date)?;
    if age.abs() > TimeDelta::minutes(5) {
        return Err("date");
    }
    Ok(body)
}

/// Unpack up to 64 MB: a few bytes can become gigabytes.
fn gunzip(raw: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut body = Vec::new();
    GzDecoder::new(raw)
        .take(MAX_BODY + 1)
        .read_to_end(&mut body)
        .map_err(|_| "gzip")?;
    if body.len() as u64 > MAX_BODY {
        return Err("gzip");
    }
    Ok(body)
}

fn instant(date: &str) -> Result<NaiveDateTime, &'static str> {
    if date.len() != "2022-06-27T11:08:52.577831Z".len() {
        return Err("date");
    }
    NaiveDateTime::parse_from_str(date, "%Y-%m-%dT%H:%M:%S%.6fZ").map_err(|_| "date")
}

fn now() -> Result<NaiveDateTime, &'static str> {
    // For tests only: a clock that stands still.
    match env::var("BI_NOW") {
        Ok(fixed) => instant(&fixed),
        Err(_) => Ok(Utc::now().naive_utc()),
    }
}

fn header<'a>(request: &'a Request, name: &'static str) -> &'a str {
    request
        .headers()
        .iter()
        .find(|header| header.field.equiv(name))
        .map_or("", |header| header.value.as_str())
}

/// The id in the body, which is signed; CFONB files have it in a header only.
fn delivery_id(request: &Request, body: &[u8]) -> String {
    serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|told| told.get("id_webhook_data").map(ToString::to_string))
        .unwrap_or_else(|| header(request, "X-Webhook-Data-Id").to_owned())
}

/// The latest ids. In production: a unique column, in your transaction.
#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    order: VecDeque<String>,
}

impl Seen {
    fn add(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.ids.remove(&oldest);
            }
        }
        true
    }
}

fn receive(request: &mut Request, secret: &[u8], seen: &Mutex<Seen>) -> u16 {
    if *request.method() != Method::Post {
        return 405;
    }
    let mut raw = Vec::new(); // First the raw body.
    let limited = request.as_reader().take(MAX_BODY + 1).read_to_end(&mut raw);
    if limited.is_err() || raw.len() as u64 > MAX_BODY {
        return 413;
    }
    match verify(request, raw, secret) {
        Ok(body) => {
            let id = delivery_id(request, &body);
            let is_new = seen.lock().expect("nobody panics with it").add(&id);
            // Keep the body, answer at once, and work on it afterwards.
            println!("{} {id}", if is_new { "accepted" } else { "duplicate" });
            204
        }
        Err(reason) => {
            println!("refused: {reason}");
            401
        }
    }
}

fn main() {
    // As it was shown: not decoded.
    let secret = env::var("SECRET").expect("SECRET is not set.").into_bytes();
    let port = env::var("PORT").unwrap_or_else(|_| "8900".to_owned());
    let server = Arc::new(Server::http(format!("127.0.0.1:{port}")).expect("the port is free"));
    let seen = Arc::new(Mutex::new(Seen::default()));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (server, seen, secret) = (server.clone(), seen.clone(), secret.clone());
            thread::spawn(move || {
                for mut request in server.incoming_requests() {
                    let status = receive(&mut request, &secret, &seen);
                    // An error here: the sender has hung up.
                    let _ = request.respond(Response::empty(status));
                }
            })
        })
        .collect();
    for thread in threads {
        let _ = thread.join();
    }
}
