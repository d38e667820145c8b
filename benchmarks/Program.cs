using Events.Benchmarks;

Dictionary<string, Func<string[], Task<int>>> benches = new(StringComparer.Ordinal)
{
    ["append"] = _ => RecordAsync("append", AppendBench.RunAsync),
    ["command"] = _ => RecordAsync("command", AppendBench.RunCommandsAsync),
    ["rebuild"] = _ => RecordAsync("rebuild", RebuildBench.RunAsync),
    ["rebuild-all"] = args => RecordAsync(
        args.Contains("--beside") ? "rebuild-beside" : "rebuild-all", context => RebuildAllBench.RunAsync(context, args)),
    ["audit"] = _ => RecordAsync("audit", AuditBench.RunAsync),
    ["sealing"] = _ => RecordAsync("sealing", SealingBench.RunAsync),
    ["seals"] = _ => RecordAsync("seals", SealsBench.RunAsync),
    ["keys"] = _ => RecordAsync("keys", KeysBench.RunAsync),
    ["personal"] = _ => RecordAsync("personal", PersonalBench.RunAsync),
    ["encryption"] = _ => RecordAsync("encryption", EncryptionBench.RunAsync),
    ["graphql"] = _ => RecordAsync("graphql", GraphQLBench.RunAsync),
    ["graphql-host"] = _ => RecordAsync("graphql-host", GraphQLHostBench.RunAsync),
    ["ping"] = rest => rest is ["serve"]
        ? PingBench.ServeAsync()
        : RecordAsync("ping", context => PingBench.RunAsync(context, rest)),
    ["cameras"] = rest => RecordCodeAsync("cameras", context => CamerasBench.RunAsync(context, rest)),
    ["live"] = rest => RecordAsync("live", context => LiveBench.RunAsync(context, rest)),
    ["host-storm"] = rest => RecordAsync("host-storm", context => HostStorm.RunAsync(context, rest)),
    ["host"] = rest => RecordAsync("host", context => HostBench.RunAsync(context, rest)),
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

static Task<int> RecordAsync(string name, Func<BenchContext, Task> run) => RecordCodeAsync(name, async context =>
{
    await run(context);
    return 0;
});

static async Task<int> RecordCodeAsync(string name, Func<BenchContext, Task<int>> run)
{
    BenchContext context = await BenchContext.StartAsync(name);
    int code = await run(context);
    await context.SaveAsync();
    return code;
}
