using Events.EventStore.Seals;
using Events.Tests.Engines.Postgres;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>Bundles of no fact, of one, and of as many as one may have: here less, so that proving them takes seconds.</summary>
public sealed class Exporting_many_facts : IAsyncLifetime
{
    private const int Room = 10_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("many").FullName;
    private SealedLog _log = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _log = await SealedLog.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task is_proven_by_both_programs_and_bounded()
    {
        await RefusedAsync(1, 10, "no signed head");
        await _log.AppendAsync(Room + 1);
        await _log.SealAllAsync();
        await ProvenAsync(1, 1);
        await ProvenAsync(2, Room + 1);
        await RefusedAsync(1, Room + 1, "more than 10000 facts");
        await RefusedAsync(Room + 2, long.MaxValue, "no such fact");
    }

    private async Task ProvenAsync(long from, long to)
    {
        string file = Path.Combine(_folder, $"{to}.zip");
        await using (FileStream zip = File.Create(file))
        {
            await ExportAsync(from, to, zip);
        }

        await using FileStream bundle = File.OpenRead(file);
        IReadOnlyList<string> keys = await _log.KeyTextsAsync();
        BundleReport report = await BundleAudit.RunAsync(bundle, keys, [], _ => { }, Token);
        Assert.Empty(report.Contradictions);
        Assert.Equal((null, to - from + 1), (report.Undecided, report.Proven));
        string verifier = Path.Combine(AppContext.BaseDirectory, "verify_bundle.py");
        await Commands.RunAsync(["python3", verifier, file, "--key", keys[0]]);
    }

    private async Task RefusedAsync(long from, long to, string words) => Assert.Contains(
        words,
        (await Assert.ThrowsAsync<ExportRefusedException>(() => ExportAsync(from, to, new MemoryStream()))).Message,
        StringComparison.Ordinal);

    private Task<ExportReport> ExportAsync(long from, long to, Stream zip) => LogExport.RunAsync(
        _log.Store.ConnectionString,
        new ExportQuestion(null, from, to, IsRange: true)
        {
            By = "somebody", Reason = "a case", At = DateTimeOffset.UnixEpoch, Program = "tests", Room = Room,
        },
        zip,
        _ => { },
        Token);
}
