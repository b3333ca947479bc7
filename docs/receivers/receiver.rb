# Receive signed webhooks with Ruby, version 3.0 or later, and WEBrick.
#
#     gem install webrick
#     SECRET=... PORT=8900 ruby receiver.rb
#
# With Rack or Rails the parts are the same: request.body.read (then rewind),
# env["REQUEST_URI"] or request.fullpath without the query, request.get_header("HTTP_...").

# frozen_string_literal: true

require "json"
require "openssl"
require "stringio"
require "time"
require "webrick"
require "zlib"

SECRET = ENV.fetch("SECRET") # As it was shown: not decoded.
abort "SECRET is empty." if SECRET.empty?
PORT = Integer(ENV.fetch("PORT", "8900"))
NOW = ENV["BI_NOW"] # For tests only: a clock that stands still.
WINDOW = 5 * 60
MAX_BODY = 64 * 1024 * 1024
REMEMBERED = 10_000
DATE = /\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\z/

class Refused < StandardError; end

# The text of a genuine delivery; raw is the body before anything parsed it.
def verify(request, raw)
  body = request["Content-Encoding"] == "gzip" ? gunzip(raw) : raw
  date = request["BI-Signature-Date"].to_s
  path = request.unparsed_uri.split("?", 2).first # As on the wire: request.path is decoded.
  start = "#{request.request_method}.#{path}.#{date}."
  digest = OpenSSL::HMAC.digest("SHA256", SECRET, start.b + body.b)
  expected = [digest].pack("m0") # Base64 without line ends.
  # In constant time.
  raise Refused, "signature" unless OpenSSL.secure_compare(expected, request["BI-Signature"].to_s)
  raise Refused, "date" if (now - instant(date)).abs > WINDOW

  body
end

# Unpack up to 64 MB: a few bytes can become gigabytes.
def gunzip(raw)
  reader = Zlib::GzipReader.new(StringIO.new(raw))
  body = reader.read(MAX_BODY + 1).to_s
  # The checksum is looked at only at the end.
  raise Refused, "gzip" unless body.bytesize <= MAX_BODY && reader.eof?

  body
rescue Zlib::Error
  raise Refused, "gzip"
end

def instant(date)
  raise Refused, "date" unless DATE.match?(date)

  Time.iso8601(date)
rescue ArgumentError
  raise Refused, "date"
end

def now
  NOW ? Time.iso8601(NOW) : Time.now
end

# The id in the body, which is signed; CFONB files have it in a header only.
def delivery_id(request, body)
  told = JSON.parse(body)
  id = told["id_webhook_data"] if told.is_a?(Hash)
  (id || request["X-Webhook-Data-Id"]).to_s
rescue JSON::ParserError
  request["X-Webhook-Data-Id"].to_s
end

# The latest ids, the oldest first. In production: a unique column, in your transaction.
SEEN = {}
LOCK = Mutex.new

def new?(id)
  LOCK.synchronize do
    next false if SEEN.key?(id)

    SEEN[id] = true
    SEEN.shift if SEEN.size > REMEMBERED
    true
  end
end

class Receive < WEBrick::HTTPServlet::AbstractServlet
  def do_POST(request, response)
    raw = request.body || "" # First the raw body.
    id = delivery_id(request, verify(request, raw))
    # Keep the body, answer at once, and work on it afterwards.
    puts "#{new?(id) ? 'accepted' : 'duplicate'} #{id}"
    response.status = 204
  rescue Refused => e
    puts "refused: #{e.message}"
    response.status = 401
  end
end

$stdout.sync = true
server = WEBrick::HTTPServer.new(
  BindAddress: "127.0.0.1", Port: PORT, AccessLog: [], Logger: WEBrick::Log.new($stderr, 1)
)
server.mount("/", Receive)
trap("TERM") { server.shutdown }
trap("INT") { server.shutdown }
server.start
