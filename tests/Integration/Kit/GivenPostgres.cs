using System.Diagnostics;
using Npgsql;

namespace Events.Tests.Integration.Kit;

/// <summary>A PostgreSQL of somebody else's: on a loopback port, with passwords.</summary>
internal sealed class GivenPostgres : IAsyncDisposable
{
    public const string Password = "g1ven-postgres-passw0rd";

    private readonly string _folder;
    private readonly Process _server;

    private GivenPostgres(string folder, Process server, int port)
    {
        _folder = folder;
        _server = server;
        Port = port;
    }

    public int Port { get; }

    public static string? Binaries { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Concat(Directory.Exists("/usr/lib/postgresql")
                ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(version => version + "/bin")
                : [])
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));

    /// <param name="folderOfCertificates">
    /// With <c>ca.pem</c>, <c>server.pem</c> and <c>server.key</c>: then it takes nobody without a certificate of that authority.
    /// </param>
    public static async Task<GivenPostgres> StartAsync(string? folderOfCertificates = null)
    {
        string folder = Directory.CreateTempSubdirectory("evpg").FullName;
        string passwordFile = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(passwordFile, Password);
        string[] become = [];
        if (Environment.IsPrivilegedProcess)
        {
            (await Tool.RunAsync("chown", ["-R", "postgres", folder])).Ok();
            become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"];
        }

        string data = Path.Combine(folder, "data");
        string[] make =
        [
            .. become, Path.Combine(Binaries!, "initdb"), "-D", data, "-U", "ada", "-A", "scram-sha-256", "--pwfile", passwordFile,
            "-E", "UTF8", "--locale=C", "--no-instructions",
        ];
        (await Tool.RunAsync(make[0], make[1..])).Ok();
        string[] tls = folderOfCertificates is null ? [] : await WantCertificatesAsync(folderOfCertificates, data);
        int port = RunningHost.FreePort();
        string[] run =
        [
            .. become, Path.Combine(Binaries!, "postgres"), "-D", data, "-k", folder, "-p", $"{port}", "-c", "listen_addresses=127.0.0.1",
            "-c", "logging_collector=off", "-c", "log_destination=stderr", .. tls,
        ];
        var server = Process.Start(new ProcessStartInfo(run[0], run[1..]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        server.ErrorDataReceived += static (_, _) => { };
        server.BeginErrorReadLine();
        var given = new GivenPostgres(folder, server, port);
        await Until.TrueAsync(
            folderOfCertificates is null ? given.OpensAsync : () => Task.FromResult(given.HasPort()),
            TimeSpan.FromSeconds(60),
            "the given PostgreSQL to take connections");
        return given;
    }

    /// <summary>For Npgsql.</summary>
    public string ConnectionString(string database = "postgres", string password = Password, string user = "ada") =>
        $"Host=127.0.0.1;Port={Port};Username={user};Password={password};Database={database}";

    public async Task RunAsync(string sql, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        using (Process quit = Process.Start("kill", ["-QUIT", $"{_server.Id}"]))
        {
            await quit.WaitForExitAsync();
        }

        await _server.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <returns>Options of the server.</returns>
    private static async Task<string[]> WantCertificatesAsync(string from, string data)
    {
        foreach (string name in new[] { "ca.pem", "server.pem", "server.key" })
        {
            File.Copy(Path.Combine(from, name), Path.Combine(data, name));
        }

        await File.WriteAllTextAsync(Path.Combine(data, "pg_hba.conf"), "hostssl all all 127.0.0.1/32 cert\n");
        if (Environment.IsPrivilegedProcess)
        {
            (await Tool.RunAsync("chown", ["-R", "postgres", data])).Ok();
        }

        return ["-c", "ssl=on", "-c", "ssl_ca_file=ca.pem", "-c", "ssl_cert_file=server.pem", "-c", "ssl_key_file=server.key"];
    }

    private bool HasPort()
    {
        try
        {
            using var client = new System.Net.Sockets.TcpClient("127.0.0.1", Port);
            return client.Connected;
        }
        catch (System.Net.Sockets.SocketException) when (!_server.HasExited)
        {
            return false;
        }
    }

    private async Task<bool> OpensAsync()
    {
        try
        {
            await RunAsync("select 1");
            return true;
        }
        catch (NpgsqlException) when (!_server.HasExited)
        {
            return false;
        }
    }
}
