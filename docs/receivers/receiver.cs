// Receive signed webhooks with C#: .NET 6 or later, or Mono.
//
//     dotnet new console -o receiver && cp receiver.cs receiver/Program.cs
//     SECRET=... PORT=8900 dotnet run --project receiver
//
//     mcs receiver.cs && SECRET=... PORT=8900 mono receiver.exe
//
// In ASP.NET the parts are the same: Request.EnableBuffering() and Request.Body, and
// HttpContext.Features.Get<IHttpRequestFeature>().RawTarget without the query.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

static class Receiver
{
    static readonly TimeSpan Window = TimeSpan.FromMinutes(5);
    const int MaxBody = 64 * 1024 * 1024;
    const int Remembered = 10000;
    const string DateFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    // As it was shown: not decoded.
    static readonly string Secret = Environment.GetEnvironmentVariable("SECRET");
    // For tests only: a clock that stands still.
    static readonly string FixedNow = Environment.GetEnvironmentVariable("BI_NOW");

    // With System.Text.Json at hand: JsonDocument.Parse(body).RootElement.
    static readonly Regex Id = new Regex("\"id_webhook_data\"\\s*:\\s*([0-9]+)");

    // The latest ids. In production: a unique column, in your transaction.
    static readonly HashSet<string> Seen = new HashSet<string>();
    static readonly Queue<string> Order = new Queue<string>();

    sealed class Refused : Exception
    {
        public Refused(string reason) : base(reason) { }
    }

    /// The text of a genuine delivery; raw is the body before anything parsed it.
    static byte[] Verify(HttpListenerRequest request, byte[] raw)
    {
        var body = request.Headers["Content-Encoding"] == "gzip" ? Gunzip(raw) : raw;
        var date = request.Headers["BI-Signature-Date"] ?? "";
        var path = request.RawUrl.Split('?')[0]; // As on the wire: Url.LocalPath is decoded.
        var start = Encoding.UTF8.GetBytes($"{request.HttpMethod}.{path}.{date}.");
        string expected;
        using (var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(Secret)))
        {
            hmac.TransformBlock(start, 0, start.Length, null, 0);
            hmac.TransformFinalBlock(body, 0, body.Length);
            expected = Convert.ToBase64String(hmac.Hash);
        }
        if (!Same(expected, request.Headers["BI-Signature"] ?? "")) throw new Refused("signature");
        if ((Now() - Instant(date)).Duration() > Window) throw new Refused("date");
        return body;
    }

    /// In constant time; in .NET also CryptographicOperations.FixedTimeEquals.
    static bool Same(string expected, string given)
    {
        var difference = expected.Length ^ given.Length;
        for (var i = 0; i < expected.Length && i < given.Length; i++)
        {
            difference |= expected[i] ^ given[i];
        }
        return difference == 0;
    }

    /// Unpack up to 64 MB: a few bytes can become gigabytes.
    static byte[] Gunzip(byte[] raw)
    {
        try
        {
            using (var gzip = new GZipStream(new MemoryStream(raw), CompressionMode.Decompress))
            {
                var body = Read(gzip);
                // A body that was cut may end without an exception: its length is at the end.
                if (body != null && Size(raw) == (uint)body.Length) return body;
            }
        }
        catch (Exception broken) when (broken is IOException || broken is InvalidDataException)
        {
        }
        throw new Refused("gzip");
    }

    static uint Size(byte[] raw)
    {
        return raw.Length < 18 ? uint.MaxValue : BitConverter.ToUInt32(raw, raw.Length - 4);
    }

    static DateTime Instant(string date)
    {
        DateTime moment;
        var style = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTime.TryParseExact(date, DateFormat, CultureInfo.InvariantCulture, style, out moment))
        {
            return moment;
        }
        throw new Refused("date");
    }

    static DateTime Now()
    {
        return string.IsNullOrEmpty(FixedNow) ? DateTime.UtcNow : Instant(FixedNow);
    }

    /// The id in the body, which is signed; CFONB files have it in a header only.
    static string DeliveryId(HttpListenerRequest request, byte[] body)
    {
        var told = Id.Match(Encoding.UTF8.GetString(body));
        return told.Success ? told.Groups[1].Value : request.Headers["X-Webhook-Data-Id"] ?? "";
    }

    static bool IsNew(string id)
    {
        lock (Seen)
        {
            if (!Seen.Add(id)) return false;
            Order.Enqueue(id);
            if (Order.Count > Remembered) Seen.Remove(Order.Dequeue());
            return true;
        }
    }

    /// Everything, or null if it is more than 64 MB.
    static byte[] Read(Stream stream)
    {
        var body = new MemoryStream();
        var chunk = new byte[65536];
        int length;
        while ((length = stream.Read(chunk, 0, chunk.Length)) > 0)
        {
            if (body.Length + length > MaxBody) return null;
            body.Write(chunk, 0, length);
        }
        return body.ToArray();
    }

    static int Receive(HttpListenerRequest request)
    {
        if (request.HttpMethod != "POST") return 405;
        var raw = Read(request.InputStream); // First the raw body.
        if (raw == null) return 413;
        try
        {
            var id = DeliveryId(request, Verify(request, raw));
            // Keep the body, answer at once, and work on it afterwards.
            Console.WriteLine((IsNew(id) ? "accepted " : "duplicate ") + id);
            return 204;
        }
        catch (Refused refused)
        {
            Console.WriteLine("refused: " + refused.Message);
            return 401;
        }
    }

    static void Serve(HttpListenerContext context)
    {
        try
        {
            context.Response.StatusCode = Receive(context.Request);
            context.Response.Close();
        }
        catch (Exception error) when (error is IOException || error is HttpListenerException)
        {
            Console.Error.WriteLine(error.Message); // The sender has hung up.
        }
    }

    static void Main()
    {
        if (string.IsNullOrEmpty(Secret)) throw new InvalidOperationException("SECRET is not set.");
        var port = Environment.GetEnvironmentVariable("PORT") ?? "8900";
        var listener = new HttpListener();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        while (true)
        {
            var context = listener.GetContext();
            Task.Run(() => Serve(context));
        }
    }
}
