using Events.Benchmarks;

return args is ["ping", .. string[] rest] ? await PingBench.RunAsync(rest) : 64;
