using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>A host with a certificate, and the authority that gave it.</summary>
public sealed class EncryptedHost : IAsyncLifetime
{
    private readonly X509Certificate2 _authority = MakeAuthority();

    public string Folder { get; } = Directory.CreateTempSubdirectory("events-tls-").FullName;

    public int Port { get; } = RunningHost.FreePort();

    public int RtspsPort { get; } = RunningHost.FreePort();

    public string AuthorityFile => Path.Combine(Folder, "authority.pem");

    public string CertificateFile => Path.Combine(Folder, "host.pem");

    public string KeyFile => Path.Combine(Folder, "host.key");

    internal RunningHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(AuthorityFile, _authority.ExportCertificatePem());
        Write("first");
        Host = await RunningHost.StartAsync(new()
        {
            ["EVENTS__Server__Host"] = "0.0.0.0",
            ["EVENTS__Tls__CertificateFile"] = CertificateFile,
            ["EVENTS__Tls__KeyFile"] = KeyFile,
            ["EVENTS__Tls__Port"] = $"{Port}",
            ["EVENTS__Health__Host"] = "0.0.0.0",
            ["EVENTS__Health__Tls"] = "true",
            ["EVENTS__Rtsp__Host"] = "0.0.0.0",
            ["EVENTS__Rtsp__TlsPort"] = $"{RtspsPort}",
        });
        await Scene.AddAsync(Host, Scene.Pattern);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>A certificate of the authority, and its key, readable by its owner alone.</summary>
    public void Write(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 made = request.Create(
            _authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(7), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(CertificateFile, made.ExportCertificatePem() + "\n" + _authority.ExportCertificatePem());
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public bool Trusts(X509Certificate? certificate, X509Chain? chain)
    {
        chain!.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build((X509Certificate2)certificate!);
    }

    private static X509Certificate2 MakeAuthority()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=An authority of the tests", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
    }
}

/// <summary>TLS by clients of their own: openssl, curl and .NET's WebSocket.</summary>
public sealed class Encrypted_connections(EncryptedHost house) : IClassFixture<EncryptedHost>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task carry_every_way_in_and_say_so_in_addresses()
    {
        string token = await house.Host.TokenAsync("admin");
        CliResult answer = await Tool.RunAsync("curl",
        [
            "-s", "-i", "--cacert", house.AuthorityFile, "-H", $"Authorization: Bearer {token}", "-H", "Content-Type: application/json",
            "-d", """{"query":"{ camera(number: 0) { streams { jpeg } } }"}""", $"https://localhost:{house.Port}/graphql",
        ]);
        Assert.Contains("strict-transport-security: max-age=31536000", answer.Ok(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains($"\"https://localhost:{house.Port}/live/camera0.jpg?", answer.Output, StringComparison.Ordinal);

        using ClientWebSocket socket = await OpenAsync("/ws");
        JsonElement login = await AskAsync(socket, "authenticate", new { auth_token = token });
        Assert.True(login.GetProperty("authenticated").GetBoolean());
        JsonElement camera = (await AskAsync(socket, "get_camera_list", new { })).GetProperty("cameras")[0];
        Assert.StartsWith($"https://localhost:{house.Port}/hls/camera0.m3u8?", camera.GetProperty("streams").Text("hls"), StringComparison.Ordinal);
        Assert.StartsWith($"rtsps://localhost:{house.RtspsPort}/", camera.GetProperty("streams").Text("rtsp"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-tls1_1", false)]
    [InlineData("-tls1_2", true)]
    [InlineData("-tls1_3", true)]
    public async Task are_of_the_two_newest_versions(string version, bool isTaken)
    {
        string script = $"echo | openssl s_client -connect localhost:{house.Port} -servername localhost -verify_return_error "
            + $"-CAfile '{house.AuthorityFile}' {version} 2>&1";
        CliResult result = await Tool.RunAsync("sh", ["-c", script]);

        Assert.Equal(isTaken, result.Output.Contains("Verify return code: 0 (ok)", StringComparison.Ordinal) && result.ExitCode == 0);
    }

    /// <summary>One connection of HTTP/2 could carry a hundred sockets, and would count as one.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task speak_HTTP_1_alone(int listener)
    {
        int port = listener == 0 ? house.Port : house.Host.HealthPort;
        string script = $"echo | openssl s_client -connect localhost:{port} -servername localhost -CAfile '{house.AuthorityFile}' "
            + "-alpn h2,http/1.1 2>&1";
        Assert.Contains("ALPN protocol: http/1.1", (await Tool.RunAsync("sh", ["-c", script])).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task are_what_other_machines_get_alone()
    {
        // Another address of this machine stands for another machine: what listens on loopback alone is at 127.0.0.1.
        using var plain = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => plain.ConnectAsync(IPAddress.Parse("127.0.0.2"), house.Host.Port, Cancellation).AsTask());
        using var secure = new TcpClient();
        await secure.ConnectAsync(IPAddress.Parse("127.0.0.2"), house.Port, Cancellation);

        // In the clear, the encrypted port says nothing that helps.
        await secure.GetStream().WriteAsync("GET /health HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), Cancellation);
        byte[] answer = new byte[1024];
        try
        {
            int got = await secure.GetStream().ReadAsync(answer, Cancellation);
            Assert.DoesNotContain("HTTP/1.1 200", Encoding.ASCII.GetString(answer, 0, got), StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // Closed without a word is an answer, too.
        }

        Assert.Equal(HttpStatusCode.OK, await StatusAsync());
    }

    [Fact]
    public async Task show_a_new_certificate_once_it_is_written()
    {
        Assert.Equal("CN=first", await SubjectAsync());

        // Half of a pair does not fit: the old one stays.
        string key = await File.ReadAllTextAsync(house.KeyFile, Cancellation);
        house.Write("second");
        string next = await File.ReadAllTextAsync(house.KeyFile, Cancellation);
        await File.WriteAllTextAsync(house.KeyFile, key, Cancellation);
        await Until.TrueAsync(
            async () => await SubjectAsync() == "CN=first" && house.Host.Output.Contains("the old one stays", StringComparison.Ordinal),
            TimeSpan.FromSeconds(20),
            "a word about a pair that does not fit");

        await File.WriteAllTextAsync(house.KeyFile, next, Cancellation);
        await Until.TrueAsync(async () => await SubjectAsync() == "CN=second", TimeSpan.FromSeconds(20), "the second certificate");

        // A key that others may read is none now either, until they may not.
        house.Write("third");
        SecretFile.Open(house.KeyFile);
        await Until.TrueAsync(
            async () => await SubjectAsync() == "CN=second" && house.Host.Output.Contains("chmod 600", StringComparison.Ordinal),
            TimeSpan.FromSeconds(20),
            "a word about a key that others may read");
        SecretFile.Close(house.KeyFile);
        await Until.TrueAsync(async () => await SubjectAsync() == "CN=third", TimeSpan.FromSeconds(20), "the third certificate");
    }

    [Theory]
    [InlineData("missing", "Tls.CertificateFile: there is no file")]
    [InlineData("readable", "chmod 600")]
    [InlineData("foreign", "the key that belongs to it")]
    [InlineData("alone", "needs Tls.KeyFile")]
    public async Task are_refused_at_the_start_with_words(string what, string words)
    {
        string certificate = Path.Combine(house.Folder, $"{what}.pem");
        string key = Path.Combine(house.Folder, $"{what}.key");
        if (what != "missing")
        {
            File.Copy(house.CertificateFile, certificate);
        }

        File.Copy(house.KeyFile, key);
        if (what == "readable")
        {
            File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        }
        else if (what == "foreign")
        {
            using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            await File.WriteAllTextAsync(key, other.ExportPkcs8PrivateKeyPem(), Cancellation);
        }

        Dictionary<string, string> settings = new()
        {
            ["EVENTS__Tls__CertificateFile"] = certificate,
            ["EVENTS__Tls__Port"] = $"{RunningHost.FreePort()}",
        };
        if (what != "alone")
        {
            settings["EVENTS__Tls__KeyFile"] = key;
        }

        string[] ports =
        [
            "--port", $"{RunningHost.FreePort()}", "--health-port", $"{RunningHost.FreePort()}", "--rtsp-port", $"{RunningHost.FreePort()}",
        ];
        string[] up = ["up", "--no-demo", "--data", Path.Combine(house.Folder, $"data-{what}"), .. ports];
        CliResult refused = await RunningHost.RunAsync(up, settings);

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(words, refused.Errors, StringComparison.Ordinal);
    }

    private async Task<HttpStatusCode> StatusAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{house.Host.Port}/graphql/schema.graphql");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));
        using HttpResponseMessage answer = await house.Host.Http.SendAsync(request, Cancellation);
        return answer.StatusCode;
    }

    private async Task<string> SubjectAsync()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, house.Port, Cancellation);
        await using var secure = new SslStream(client.GetStream(), false, (_, certificate, chain, _) => house.Trusts(certificate, chain));
        await secure.AuthenticateAsClientAsync("localhost");
        return secure.RemoteCertificate!.Subject;
    }

    private async Task<ClientWebSocket> OpenAsync(string path)
    {
        var socket = new ClientWebSocket();
        socket.Options.RemoteCertificateValidationCallback = (_, certificate, chain, _) => house.Trusts(certificate, chain);
        await socket.ConnectAsync(new Uri($"wss://localhost:{house.Port}{path}"), Cancellation);
        return socket;
    }

    private static async Task<JsonElement> AskAsync(ClientWebSocket socket, string method, object parameters)
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(new { jsonrpc = "2.0", id = method, method, @params = parameters });
        await socket.SendAsync(text, WebSocketMessageType.Text, true, Cancellation);
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            int length = 0;
            WebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(new ArraySegment<byte>(buffer, length, buffer.Length - length), Cancellation);
                length += part.Count;
            }
            while (!part.EndOfMessage);

            JsonElement message = JsonElement.Parse(buffer.AsSpan(0, length));
            if (message.TryGetProperty("id", out JsonElement id) && id.GetString() == method)
            {
                return message.GetProperty("result").Clone();
            }
        }
    }
}
