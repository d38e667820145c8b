using System.Globalization;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>A host whose log has more facts than a tile, all sealed; what a test breaks in it, it mends.</summary>
public sealed class SealedHost : IAsyncLifetime
{
    public const int Facts = 400;

    private const string Tables = "events.mt_events events_own.audit_head events_own.audit_tile";

    private readonly string _folder = Directory.CreateTempSubdirectory("bundle").FullName;
    private readonly SemaphoreSlim _one = new(1, 1);

    internal RunningHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await RunningHost.StartAsync();
        (await Host.CliAsync("camera", "add", "--name", "Gate", "--source", "rtsp://127.0.0.1:9/none")).Ok();
        await WriteAsync(Facts / 2);
        await SealedAsync();
        await WriteAsync(Facts / 2);
        await SealedAsync();
        foreach (string table in Tables.Split(' '))
        {
            await Host.SqlAsync($"create table public.{table.Split('.')[1]}_kept as select * from {table}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
        _one.Dispose();
    }

    /// <summary>One good bundle of a stream, made once.</summary>
    internal async Task<string> BundleAsync()
    {
        string file = Path.Combine(_folder, "good.zip");
        await _one.WaitAsync();
        try
        {
            if (!File.Exists(file))
            {
                (await Host.CliAsync("audit", "export", "--stream", "note-4", "--out", file)).Ok();
            }

            return file;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Facts of a type that no view knows, as another program would write them.</summary>
    internal Task WriteAsync(int count) => Host.SqlAsync(
        $$"""
        insert into events.mt_streams (id, version) select 'note-' || n, 0 from generate_series(0, 6) n on conflict do nothing;
        insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type)
        select nextval('events.mt_events_sequence'), gen_random_uuid(), 'note-' || n % 7,
               (select coalesce(max(version), 0) from events.mt_events where stream_id = 'note-' || n % 7)
                 + row_number() over (partition by n % 7 order by n),
               jsonb_build_object('text', 'note ' || n, 'number', n), 'note_written', now(), 'Notes.NoteWritten, Notes'
        from generate_series(1, {{count}}) n
        """);

    internal Task SealedAsync() => Until.TrueAsync(
        async () => (await StatusAsync()).GetProperty("factsSince").GetInt64() == 0,
        TimeSpan.FromSeconds(30),
        "all facts to be sealed");

    internal async Task<JsonElement> StatusAsync() =>
        JsonElement.Parse((await Host.CliAsync("audit", "status", "--format", "json")).Ok());

    internal async Task<(int Code, JsonElement Report)> VerifyAsync(params string[] more)
    {
        CliResult result = await Host.CliAsync(["audit", "verify", "--format", "json", .. more]);
        return (result.ExitCode, JsonElement.Parse(result.Output.Length > 0 ? result.Output : $"\"{result.Errors}\""));
    }

    /// <summary>As somebody does who owns the database: no trigger is in the way.</summary>
    internal Task TamperAsync(string sql) => Host.SqlAsync(
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            begin;
            {string.Concat(Tables.Split(' ').Select(table => $"alter table {table} disable trigger all;\n"))}
            {sql};
            {string.Concat(Tables.Split(' ').Select(table => $"alter table {table} enable trigger all;\n"))}
            commit;
            """));

    internal Task MendAsync() => TamperAsync(string.Join(
        ";\n",
        Tables.Split(' ').Select(table => $"delete from {table}; insert into {table} select * from public.{table.Split('.')[1]}_kept")));
}
