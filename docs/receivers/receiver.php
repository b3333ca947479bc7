<?php
// Receive signed webhooks with PHP, version 8.1 or later, with the extensions json and zlib.
//
//     SECRET=... php -S 127.0.0.1:8900 receiver.php
//
// Under FPM this file is the same. post_max_size and a proxy's limit must let a first
// synchronisation through; it has megabytes.

declare(strict_types=1);

const WINDOW = 300;
const MAX_BODY = 64 * 1024 * 1024;
const REMEMBERED = 10_000;

final class Refused extends Exception
{
}

/** The text of a genuine delivery; $raw is the body before anything parsed it. */
function verify(string $raw): string
{
    $body = ($_SERVER['HTTP_CONTENT_ENCODING'] ?? '') === 'gzip' ? gunzip($raw) : $raw;
    $date = $_SERVER['HTTP_BI_SIGNATURE_DATE'] ?? '';
    // REQUEST_URI is as on the wire; PATH_INFO is decoded.
    $path = explode('?', $_SERVER['REQUEST_URI'], 2)[0];
    $message = "{$_SERVER['REQUEST_METHOD']}.$path.$date.$body";
    // The secret as it was shown, not decoded; true: raw bytes, not hexadecimal.
    $expected = base64_encode(hash_hmac('sha256', $message, secret(), true));
    if (!hash_equals($expected, $_SERVER['HTTP_BI_SIGNATURE'] ?? '')) {
        throw new Refused('signature');
    }
    if (abs(now() - instant($date)) > WINDOW) {
        throw new Refused('date');
    }
    return $body;
}

function secret(): string
{
    // An empty key would let anybody sign.
    return getenv('SECRET') ?: throw new RuntimeException('SECRET is not set.');
}

/** Unpack up to 64 MB: a few bytes can become gigabytes. */
function gunzip(string $raw): string
{
    $body = @gzdecode($raw, MAX_BODY);
    return $body === false ? throw new Refused('gzip') : $body;
}

/** Seconds since the epoch, with microseconds. */
function instant(string $date): float
{
    if (!preg_match('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/D', $date)) {
        throw new Refused('date');
    }
    $moment = DateTimeImmutable::createFromFormat('Y-m-d\TH:i:s.up', $date);
    return $moment === false ? throw new Refused('date') : (float) $moment->format('U.u');
}

function now(): float
{
    $fixed = getenv('BI_NOW'); // For tests only: a clock that stands still.
    return $fixed ? instant($fixed) : microtime(true);
}

/** The id in the body, which is signed; CFONB files have it in a header only. */
function deliveryId(string $body): string
{
    $told = json_decode($body, true, 512, JSON_BIGINT_AS_STRING);
    $id = is_array($told) ? ($told['id_webhook_data'] ?? null) : null;
    return (string) ($id ?? $_SERVER['HTTP_X_WEBHOOK_DATA_ID'] ?? '');
}

/** Whether an id is new. In production: a unique column, in your transaction. */
function isNew(string $id): bool
{
    // PHP forgets everything between two requests: the latest ids are in a file.
    $name = getenv('SEEN') ?: sys_get_temp_dir() . '/webhook-ids-' . getmyuid();
    $file = fopen($name, 'c+');
    flock($file, LOCK_EX);
    $ids = explode("\n", stream_get_contents($file));
    if (in_array($id, $ids, true)) {
        return false;
    }
    $ids = array_slice([...$ids, $id], -REMEMBERED);
    ftruncate($file, 0);
    rewind($file);
    fwrite($file, implode("\n", $ids));
    fclose($file); // Unlocks it too.
    return true;
}

function tell(string $line): void
{
    file_put_contents('php://stdout', "$line\n");
}

ini_set('memory_limit', '256M');
http_response_code(500);
if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    http_response_code(405);
    exit;
}
$raw = file_get_contents('php://input', false, null, 0, MAX_BODY + 1); // First the raw body.
if (strlen($raw) > MAX_BODY) {
    http_response_code(413);
    exit;
}
try {
    $id = deliveryId(verify($raw));
    // Keep the body, answer at once, and work on it afterwards.
    tell((isNew($id) ? 'accepted ' : 'duplicate ') . $id);
    http_response_code(204);
} catch (Refused $refused) {
    tell("refused: {$refused->getMessage()}");
    http_response_code(401);
}
