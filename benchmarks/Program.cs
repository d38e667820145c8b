using Events.Benchmarks;

Dictionary<string, Func<string[], Task<int>>> benches = new(StringComparer.Ordinal)
{
    ["append"] = _ => RecordAsync("append", AppendBench.RunAsync),
    ["command"] = _ => RecordAsync("command", AppendBench.RunCommandsAsync),
    ["rebuild"] = _ => RecordAsync("rebuild", RebuildBench.RunAsync),
    ["ping"] = PingBench.RunAsync,
    ["cameras"] = CamerasBench.RunAsync,
};

if (args is [string name, .. string[] rest])
{
    if (benches.TryGetValue(name, out var one))
    {
        return await one(rest);
    }

    Console.Error.WriteLine($"There is no benchmark '{name}'. There are: {string.Join(", ", benches.Keys)}.");
    return 1;
}

int worst = 0;
foreach (var bench in benches.Values)
{
    worst = Math.Max(worst, await bench([]));
}

return worst;

static async Task<int> RecordAsync(string name, Func<BenchContext, Task> run)
{
    BenchContext context = await BenchContext.StartAsync(name);
    await run(context);
    await context.SaveAsync();
    return 0;
}
