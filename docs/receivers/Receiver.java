// Receive signed webhooks with the JDK alone, version 17 or later.
//
//     SECRET=... PORT=8900 java Receiver.java
//
// For production put a proxy with TLS in front of it, one that does not rewrite paths.

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public final class Receiver {
    static final Duration WINDOW = Duration.ofMinutes(5);
    static final int MAX_BODY = 64 * 1024 * 1024;
    static final int REMEMBERED = 10_000;
    static final Pattern DATE =
            Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
    // With Jackson at hand: mapper.readTree(body).path("id_webhook_data").
    static final Pattern ID = Pattern.compile("\"id_webhook_data\"\\s*:\\s*(\\d+)");

    // As it was shown: not decoded.
    static final byte[] SECRET =
            Objects.requireNonNull(System.getenv("SECRET"), "SECRET is not set.")
                    .getBytes(StandardCharsets.UTF_8);
    // For tests only: a clock that stands still.
    static final String NOW = System.getenv("BI_NOW");

    // The latest ids. In production: a unique column, in your transaction.
    static final Set<String> SEEN = Collections.synchronizedSet(
            Collections.newSetFromMap(new LinkedHashMap<>() {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
                    return size() > REMEMBERED;
                }
            }));

    static final class Refused extends Exception {
        Refused(String reason) {
            super(reason);
        }
    }

    /** The text of a genuine delivery; raw is the body before anything parsed it. */
    static byte[] verify(HttpExchange exchange, byte[] raw)
            throws Refused, GeneralSecurityException {
        byte[] body = "gzip".equals(header(exchange, "Content-Encoding")) ? gunzip(raw) : raw;
        String date = header(exchange, "BI-Signature-Date");
        // getRawPath is as on the wire, getPath is decoded.
        String path = exchange.getRequestURI().getRawPath();
        String start = exchange.getRequestMethod() + "." + path + "." + date + ".";
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
        mac.update(start.getBytes(StandardCharsets.UTF_8));
        byte[] expected = Base64.getEncoder().encode(mac.doFinal(body));
        byte[] given = header(exchange, "BI-Signature").getBytes(StandardCharsets.UTF_8);
        if (!MessageDigest.isEqual(expected, given)) { // In constant time.
            throw new Refused("signature");
        }
        if (Duration.between(instant(date), now()).abs().compareTo(WINDOW) > 0) {
            throw new Refused("date");
        }
        return body;
    }

    /** Unpack up to 64 MB: a few bytes can become gigabytes. */
    static byte[] gunzip(byte[] raw) throws Refused {
        try (var stream = new GZIPInputStream(new ByteArrayInputStream(raw))) {
            byte[] body = stream.readNBytes(MAX_BODY + 1);
            if (body.length <= MAX_BODY) {
                return body;
            }
        } catch (IOException broken) {
            // Refused below.
        }
        throw new Refused("gzip");
    }

    static Instant instant(String date) throws Refused {
        try {
            if (DATE.matcher(date).matches()) {
                return Instant.parse(date);
            }
        } catch (DateTimeException noSuchDay) {
            // Refused below.
        }
        throw new Refused("date");
    }

    static Instant now() throws Refused {
        return NOW == null ? Instant.now() : instant(NOW);
    }

    static String header(HttpExchange exchange, String name) {
        String value = exchange.getRequestHeaders().getFirst(name);
        return value == null ? "" : value;
    }

    /** The id in the body, which is signed; CFONB files have it in a header only. */
    static String deliveryId(HttpExchange exchange, byte[] body) {
        Matcher told = ID.matcher(new String(body, StandardCharsets.UTF_8));
        return told.find() ? told.group(1) : header(exchange, "X-Webhook-Data-Id");
    }

    static int receive(HttpExchange exchange) throws IOException, GeneralSecurityException {
        if (!exchange.getRequestMethod().equals("POST")) {
            return 405;
        }
        byte[] raw = exchange.getRequestBody().readNBytes(MAX_BODY + 1); // First the raw body.
        if (raw.length > MAX_BODY) {
            return 413;
        }
        try {
            String id = deliveryId(exchange, verify(exchange, raw));
            // Keep the body, answer at once, and work on it afterwards.
            System.out.println((SEEN.add(id) ? "accepted " : "duplicate ") + id);
            return 204;
        } catch (Refused refused) {
            System.out.println("refused: " + refused.getMessage());
            return 401;
        }
    }

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8900"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(receive(exchange), -1);
            } catch (GeneralSecurityException missing) {
                throw new IOException(missing);
            }
        });
        server.start();
    }
}
