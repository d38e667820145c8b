using System.Globalization;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;

namespace Events.GraphQL.Http;

/// <summary>
/// GraphiQL for browsers. Its libraries were fetched when this was built, and nothing comes from another site; the browser is
/// told to hold the page to that. Without the libraries the page says in one sentence how to get them.
/// </summary>
internal sealed class GraphiQLPage(GraphQLTransportOptions options)
{
    /// <summary>The folder of its files, below the path of the endpoint.</summary>
    internal const string Folder = "graphiql";

    private const int NonceBytes = 16;

    /// <summary>From the folder. All that is ever served from it, by name, so that no path leads elsewhere.</summary>
    private static readonly string[] Libraries = ["react.js", "react-dom.js", "graphiql.js", "graphiql.css"];

    /// <summary>Our own, inside this assembly.</summary>
    private static readonly Dictionary<string, byte[]> Own =
        new[] { "start.js", "page.css", "page.html", "missing.html" }.ToDictionary(name => name, Embedded);

    internal Task WriteAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        string path = (request.PathBase + request.Path).ToString().TrimEnd('/');
        string nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceBytes));
        bool isComplete = Array.TrueForAll(Libraries, name => File.Exists(PathOf(name)));
        string page = System.Text.Encoding.UTF8.GetString(Own[isComplete ? "page.html" : "missing.html"])
            .Replace("BASE", HtmlEncoder.Default.Encode($"{path}/{Folder}"), StringComparison.Ordinal)
            .Replace("SCHEMA", HtmlEncoder.Default.Encode($"{path}/{GraphQLEndpoint.SchemaFile}"), StringComparison.Ordinal)
            .Replace("NONCE", HtmlEncoder.Default.Encode(nonce), StringComparison.Ordinal);
        HttpResponse response = context.Response;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.Vary = "Accept";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; "
            + $"style-src 'self' 'nonce-{nonce}'; connect-src 'self'; img-src 'self' data:; font-src 'self' data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        return response.WriteAsync(page, context.RequestAborted);
    }

    /// <param name="name">The last part of the path, as the client wrote it.</param>
    internal Task WriteFileAsync(HttpContext context, string? name)
    {
        HttpResponse response = context.Response;
        bool isOwn = name is "start.js" or "page.css";
        if (!options.GraphiQL || name is null || !(isOwn || (Libraries.Contains(name) && File.Exists(PathOf(name)))))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        string tag = isOwn ? OwnTag(name) : LibraryTag(name);
        response.Headers.ETag = tag;
        response.Headers.CacheControl = "no-cache";
        response.Headers.XContentTypeOptions = "nosniff";
        if (context.Request.Headers.IfNoneMatch == tag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        response.ContentType = name.EndsWith(".css", StringComparison.Ordinal)
            ? "text/css; charset=utf-8"
            : "text/javascript; charset=utf-8";
        return isOwn
            ? response.Body.WriteAsync(Own[name], context.RequestAborted).AsTask()
            : response.SendFileAsync(PathOf(name), context.RequestAborted);
    }

    private string PathOf(string name) => Path.Combine(options.GraphiQLFolder, name);

    private string LibraryTag(string name)
    {
        var file = new FileInfo(PathOf(name));
        return string.Create(CultureInfo.InvariantCulture, $"\"{file.Length:x}-{file.LastWriteTimeUtc.Ticks:x}\"");
    }

    private static string OwnTag(string name) => $"\"{Convert.ToHexStringLower(SHA256.HashData(Own[name])[..8])}\"";

    private static byte[] Embedded(string name)
    {
        using Stream stream = typeof(GraphiQLPage).Assembly.GetManifestResourceStream($"GraphiQL/{name}")
            ?? throw new InvalidOperationException($"{name} is not in the assembly.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
