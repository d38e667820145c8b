using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>A PostgreSQL that takes nobody without a certificate, and a host that takes no PostgreSQL without one.</summary>
public sealed class Mutual_TLS_to_PostgreSQL : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("evtls").FullName;
    private GivenPostgres? _postgres;

    private string Address =>
        $"Host=127.0.0.1;Port={_postgres!.Port};Username=ada;Database=postgres;SSL Mode=VerifyFull;Root Certificate={Of("ca.pem")}";

    private string Certificate => $";SSL Certificate={Of("client.pem")};SSL Key={Of("client.key")}";

    public async ValueTask InitializeAsync()
    {
        const string Script =
            """
            set -e; cd "$1"
            ca() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout $1.key -out $1.pem -subj "/CN=$1"; }
            one() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $1.key -out $1.csr -subj "/CN=$2"
                printf 'subjectAltName=IP:127.0.0.1' > $1.ext
                openssl x509 -req -in $1.csr -CA $3.pem -CAkey $3.key -CAcreateserial -days 2 -extfile $1.ext -out $1.pem; }
            ca ca; ca other; one server 127.0.0.1 ca; one client ada ca; one stranger ada other; chmod 600 *.key
            """;
        (await Tool.RunAsync("sh", ["-c", Script, "sh", _folder])).Ok();
        _postgres = await GivenPostgres.StartAsync(_folder);
    }

    public async ValueTask DisposeAsync()
    {
        await _postgres!.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task carries_the_whole_log_and_goes_into_the_address_that_others_use()
    {
        await using RunningHost host = await RunningHost.StartAsync(new()
        {
            ["EVENTS__PostgreSql__ConnectionString"] = Address + Certificate,
        });
        await Scene.AddAsync(host, "rtsp://127.0.0.1:9/none");

        // By psql with the address that `db url` prints: without the certificate in it, it would not be let in.
        Assert.Equal("1", await host.SqlAsync("select count(*) from events.mt_events where type = 'camera_registered'"));
        Assert.Equal("t", await host.SqlAsync(
            "select bool_and(s.ssl and s.client_dn = '/CN=ada') from pg_stat_ssl s join pg_stat_activity a using (pid) "
            + "where a.application_name like 'events%'"));
    }

    [Fact]
    public async Task refuses_the_start_without_a_certificate_with_a_strangers_and_to_a_strangers_server()
    {
        string stranger = $";SSL Certificate={Of("stranger.pem")};SSL Key={Of("stranger.key")}";
        string[] bad =
        [
            Address,
            Address + stranger,
            Address.Replace(Of("ca.pem"), Of("other.pem"), StringComparison.Ordinal) + Certificate,
        ];
        foreach (string address in bad)
        {
            string data = Path.Combine(_folder, $"data-{Array.IndexOf(bad, address)}");
            CliResult refused = await RunningHost.RunAsync(
                ["up", "--data", data, "--port", "0", "--health-port", "0", "--rtsp-port", "0", "--no-demo"],
                new() { ["EVENTS__PostgreSql__ConnectionString"] = address });
            Assert.NotEqual(0, refused.ExitCode);
            Assert.Contains("PostgreSql.ConnectionString", refused.Errors, StringComparison.Ordinal);
            Assert.Contains("certificate", refused.Errors, StringComparison.OrdinalIgnoreCase);
        }
    }

    private string Of(string name) => Path.Combine(_folder, name);
}
