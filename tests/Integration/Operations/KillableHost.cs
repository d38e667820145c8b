using System.Diagnostics;
using System.Globalization;

using Xunit;

namespace Events.Tests.Integration.Operations;

/// <summary>Another process that serves a data folder with its PostgreSQL, to be killed.</summary>
internal sealed class KillableHost : IDisposable
{
    private readonly Process _process;

    private KillableHost(Process process, string firstLine)
    {
        _process = process;
        FirstLine = firstLine;
    }

    public string FirstLine { get; }

    public int ProcessId => _process.Id;

    public int PostgresId => int.Parse(FirstLine.Split(' ')[0], CultureInfo.InvariantCulture);

    public string ConnectionString => FirstLine[(FirstLine.IndexOf(' ', StringComparison.Ordinal) + 1)..];

    public static async Task<KillableHost> StartAsync(string data)
    {
        var dll = Path.Combine(AppContext.BaseDirectory, "Events.PostgresHost.dll");
        var process = Process.Start(new ProcessStartInfo("dotnet", [dll, data])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        })!;
        var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        return new KillableHost(process, line ?? "");
    }

    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async Task StopAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
