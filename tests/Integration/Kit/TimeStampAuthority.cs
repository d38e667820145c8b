using System.Net;

namespace Events.Tests.Integration.Kit;

/// <summary>A time-stamp authority on loopback: <c>openssl ts</c> behind HTTP, with a certificate of its own making.</summary>
internal sealed class TimeStampAuthority : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tsa").FullName;
    private readonly HttpListener _listener = new();
    private Task _serving = Task.CompletedTask;

    private TimeStampAuthority(int port) => Url = $"http://127.0.0.1:{port}/stamps";

    public string Url { get; }

    /// <summary>The certificate that its own leads to.</summary>
    public string CaFile => PathOf("ca.pem");

    /// <summary>What it answers instead of a stamp; null for stamps.</summary>
    public byte[]? Instead { get; set; }

    public static async Task<TimeStampAuthority> StartAsync()
    {
        int port = RunningHost.FreePort();
        TimeStampAuthority authority = new(port);
        await authority.MakeAsync();
        authority._listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        authority._listener.Start();
        authority._serving = authority.ServeAsync();
        return authority;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
        Directory.Delete(_folder, recursive: true);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private async Task MakeAsync()
    {
        await File.WriteAllTextAsync(PathOf("use"), "extendedKeyUsage=critical,timeStamping\n");
        await File.WriteAllTextAsync(PathOf("serial"), "01\n");
        await File.WriteAllTextAsync(
            PathOf("ts.cnf"),
            $"""
            [ tsa ]
            default_tsa = one
            [ one ]
            serial = {PathOf("serial")}
            signer_cert = {PathOf("tsa.pem")}
            certs = {PathOf("ca.pem")}
            signer_key = {PathOf("tsa.key")}
            signer_digest = sha256
            default_policy = 1.2.3.4.1
            digests = sha256
            accuracy = secs:1
            ess_cert_id_alg = sha256
            """);
        await OpensslAsync(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", PathOf("ca.key"), "-out", PathOf("ca.pem"),
            "-subj", "/CN=Authority of the test", "-days", "30");
        await OpensslAsync(
            "req", "-newkey", "rsa:2048", "-nodes", "-keyout", PathOf("tsa.key"), "-out", PathOf("tsa.csr"), "-subj", "/CN=Stamps of the test");
        await OpensslAsync(
            "x509", "-req", "-in", PathOf("tsa.csr"), "-CA", PathOf("ca.pem"), "-CAkey", PathOf("ca.key"), "-CAcreateserial",
            "-days", "30", "-extfile", PathOf("use"), "-out", PathOf("tsa.pem"));
    }

    private static async Task OpensslAsync(params string[] words) => (await Tool.RunAsync("openssl", words)).Ok();

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            byte[] answer = Instead ?? await StampAsync(context.Request);
            context.Response.ContentType = "application/timestamp-reply";
            await context.Response.OutputStream.WriteAsync(answer);
            context.Response.Close();
        }
    }

    private async Task<byte[]> StampAsync(HttpListenerRequest request)
    {
        await using (FileStream query = File.Create(PathOf("query.tsq")))
        {
            await request.InputStream.CopyToAsync(query);
        }

        await OpensslAsync("ts", "-reply", "-config", PathOf("ts.cnf"), "-queryfile", PathOf("query.tsq"), "-out", PathOf("reply.tsr"));
        return await File.ReadAllBytesAsync(PathOf("reply.tsr"));
    }
}
