using Events.Benchmarks;

Dictionary<string, Func<BenchContext, Task>> benches = new(StringComparer.Ordinal)
{
    ["append"] = AppendBench.RunAsync,
    ["command"] = AppendBench.RunCommandsAsync,
    ["rebuild"] = RebuildBench.RunAsync,
};

string[] names = args is [] ? [.. benches.Keys] : args;
if (names.FirstOrDefault(name => !benches.ContainsKey(name)) is string unknown)
{
    Console.Error.WriteLine($"There is no benchmark '{unknown}'. There are: {string.Join(", ", benches.Keys)}.");
    return 1;
}

foreach (string name in names)
{
    BenchContext context = await BenchContext.StartAsync(name);
    await benches[name](context);
    await context.SaveAsync();
}

return 0;
