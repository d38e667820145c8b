using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Events.Benchmarks;

/// <summary>
/// One line of a result. CPU is per operation, of this process and of all PostgreSQL processes; null where not taken.
/// </summary>
/// <param name="PerSecond">Operations in a second of wall time.</param>
internal sealed record BenchLine(
    string What,
    double PerSecond,
    double? P50Ms,
    double? P95Ms,
    double? ClientCpuMicroseconds,
    double? ServerCpuMicroseconds,
    string Note);

/// <summary>One figure that is no rate: memory, or how long something takes.</summary>
/// <param name="Unit">Of all its numbers: MB are 10^6 bytes.</param>
/// <param name="Value">The figure, or the median where there are percentiles.</param>
/// <param name="TargetMax">Compared with p95 where there is one; null without a target.</param>
internal sealed record BenchFigure(
    string What, string Unit, double Value, double? P95, double? P99, double? TargetMax, string Note)
{
    /// <summary>Null without a target.</summary>
    public bool? IsMet => TargetMax is { } most ? (P95 ?? Value) < most : null;
}

/// <summary>What a benchmark writes its figures to: a table for people and one JSON object, with machine and commit.</summary>
internal sealed class BenchContext
{
    private readonly string _name;
    private readonly string _commit;
    private readonly List<BenchLine> _lines = [];
    private readonly List<BenchFigure> _figures = [];
    private readonly List<string> _words = [];
    private readonly List<string> _rows = [];
    private readonly string _loadBefore = LoadAverage();

    private BenchContext(string name, string commit)
    {
        _name = name;
        _commit = commit;
    }

    /// <summary>As the server itself says it.</summary>
    public string PostgresVersion { get; set; } = "";

    public static async Task<BenchContext> StartAsync(string name)
    {
        using Process git = Process.Start(new ProcessStartInfo("git", ["rev-parse", "--short=12", "HEAD"])
        {
            RedirectStandardOutput = true,
        })!;
        string commit = (await git.StandardOutput.ReadToEndAsync()).Trim();
        await git.WaitForExitAsync();
        return new BenchContext(name, commit);
    }

    /// <summary>A sentence above the table: what the figures are of.</summary>
    public void Say(string text)
    {
        _words.Add(text);
        Console.WriteLine(text);
    }

    public void Add(BenchLine line)
    {
        _lines.Add(line);
        Console.WriteLine(Row(line));
    }

    public void Add(BenchFigure figure)
    {
        _figures.Add(figure);
        Console.WriteLine(Row(figure));
    }

    /// <summary>A row of a table of the benchmark's own.</summary>
    public void AddRow(string row)
    {
        _rows.Add(row);
        Console.WriteLine(row);
    }

    /// <summary>Writes <c>benchmarks/results/NAME.md</c>.</summary>
    public async Task SaveAsync()
    {
        string load = $"{_loadBefore} before, {LoadAverage()} after";
        object result = new
        {
            benchmark = _name,
            commit = _commit,
            date = TimeProvider.System.GetUtcNow().ToString("u", CultureInfo.InvariantCulture),
            machine = new { cpu = CpuModel(), cores = Environment.ProcessorCount, loadAverage = load },
            postgresql = PostgresVersion,
            dotnet = Environment.Version.ToString(),
            words = _words,
            rows = _rows,
            lines = _lines,
            figures = _figures,
        };
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"# Benchmark: {_name}").AppendLine();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{CpuModel()}, {Environment.ProcessorCount} cores, client and server on the same. Load average {load}.");
        string postgres = PostgresVersion.Length > 0 ? $"PostgreSQL {PostgresVersion}, " : "";
        text.AppendLine(CultureInfo.InvariantCulture, $"{postgres}.NET {Environment.Version}, commit {_commit}.");
        text.AppendLine();
        _words.ForEach(word => text.AppendLine(word).AppendLine());
        AppendTables(text);
        text.AppendLine().AppendLine("```json").AppendLine(JsonSerializer.Serialize(result, JsonText)).AppendLine("```");
        string folder = Path.Combine("benchmarks", "results");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, $"{_name}.md"), text.ToString().ReplaceLineEndings("\n"));
    }

    private void AppendTables(StringBuilder text)
    {
        _rows.ForEach(row => text.AppendLine(row));
        if (_lines.Count > 0)
        {
            text.AppendLine("| what | per s | p50 ms | p95 ms | CPU us client | CPU us server | note |");
            text.AppendLine("| --- | --- | --- | --- | --- | --- | --- |");
            _lines.ForEach(line => text.AppendLine(Row(line)));
        }

        if (_figures.Count > 0)
        {
            text.AppendLine("| what | unit | value or p50 | p95 | p99 | target | note |");
            text.AppendLine("| --- | --- | --- | --- | --- | --- | --- |");
            _figures.ForEach(figure => text.AppendLine(Row(figure)));
        }
    }

    private static JsonSerializerOptions JsonText { get; } =
        new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private static string Row(BenchLine line) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {line.What} | {line.PerSecond:N0} | {line.P50Ms:0.00} | {line.P95Ms:0.00} "
        + $"| {line.ClientCpuMicroseconds:0} | {line.ServerCpuMicroseconds:0} | {line.Note} |");

    private static string Row(BenchFigure figure) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {figure.What} | {figure.Unit} | {figure.Value:0.00} | {figure.P95:0.00} | {figure.P99:0.00} "
        + $"| {TargetOf(figure)} | {figure.Note} |");

    private static string TargetOf(BenchFigure figure) => figure.TargetMax is { } most
        ? string.Create(CultureInfo.InvariantCulture, $"< {most:0.##}: {(figure.IsMet == true ? "met" : "MISSED")}")
        : "";

    private static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static string CpuModel() =>
        File.ReadLines("/proc/cpuinfo")
            .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";
}

/// <summary>CPU time of this process and of a server's processes, between two moments.</summary>
internal sealed class CpuMeter
{
    private const double MicrosecondsPerTick = 1_000_000.0 / 100;

    private readonly int _postmaster;
    private readonly TimeSpan _client = Process.GetCurrentProcess().TotalProcessorTime;
    private readonly double _server;

    public CpuMeter(int postmaster)
    {
        _postmaster = postmaster;
        _server = ServerMicroseconds();
    }

    public double ClientMicroseconds => (Process.GetCurrentProcess().TotalProcessorTime - _client).TotalMicroseconds;

    public double ServerSince => ServerMicroseconds() - _server;

    /// <summary>The postmaster, what its ended children used, and the children that live.</summary>
    private double ServerMicroseconds()
    {
        string[] children = File.ReadAllText($"/proc/{_postmaster}/task/{_postmaster}/children")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (Ticks($"{_postmaster}", 11, 4) + children.Sum(child => Ticks(child, 11, 2))) * MicrosecondsPerTick;

        static double Ticks(string pid, int first, int count)
        {
            try
            {
                string stat = File.ReadAllText($"/proc/{pid}/stat");
                return stat[(stat.LastIndexOf(')') + 2)..].Split(' ').Skip(first).Take(count)
                    .Sum(ticks => double.Parse(ticks, CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // It ended between the two looks; the postmaster now counts it.
                return 0;
            }
        }
    }
}
