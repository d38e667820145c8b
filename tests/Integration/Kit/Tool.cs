using System.Diagnostics;

namespace Events.Tests.Integration.Kit;

/// <summary>What a program printed and how it ended.</summary>
internal sealed record CliResult(int ExitCode, string Output, string Errors)
{
    /// <summary>Its output, when it ended well.</summary>
    public string Ok() =>
        ExitCode == 0 ? Output : throw new InvalidOperationException($"Exit code {ExitCode}: {Errors}{Output}");
}

/// <summary>Other programs, run to their end.</summary>
internal static class Tool
{
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(90);

    public static Task<CliResult> RunAsync(string program, string[] words, TimeSpan? timeMax = null) =>
        WaitAsync(
            Process.Start(new ProcessStartInfo(program, words)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!,
            timeMax);

    public static async Task<CliResult> WaitAsync(Process process, TimeSpan? timeMax = null)
    {
        using (process)
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            try
            {
                await process.WaitForExitAsync().WaitAsync(timeMax ?? TimeMax);
            }
            catch (TimeoutException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }

            return new CliResult(process.ExitCode, await output, await errors);
        }
    }

    /// <summary>Frames as ffprobe counts them.</summary>
    public static async Task<int> FramesAsync(string path) =>
        int.Parse(
            (await ProbeAsync(path, "stream=nb_read_packets", "-count_packets")).Trim(),
            System.Globalization.CultureInfo.InvariantCulture);

    public static async Task<string> ProbeAsync(string path, string entries, params string[] more) =>
        (await RunAsync(
            "ffprobe", ["-v", "error", "-select_streams", "v:0", .. more, "-show_entries", entries, "-of", "csv=p=0", path])).Ok();
}
