using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;

namespace Events.Benchmarks;

/// <summary>A headless Chromium with one page, driven over its debugging protocol; gone with its profile when disposed.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly string _profile = Directory.CreateTempSubdirectory("events-bench-browser-").FullName;
    private readonly ClientWebSocket _socket = new();
    private Process? _process;
    private int _lastId;

    public static async Task<Browser> OpenAsync(string address)
    {
        var browser = new Browser();
        try
        {
            await browser.StartAsync(address);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs an expression in the page and waits for what it promises.</summary>
    public async Task<JsonElement> RunAsync(string expression)
    {
        JsonElement result = await CallAsync(
            "Runtime.evaluate", new { expression, awaitPromise = true, returnByValue = true, userGesture = true });
        return result.TryGetProperty("exceptionDetails", out JsonElement fault)
            ? throw new InvalidOperationException($"{fault}")
            : result.GetProperty("result").GetProperty("value");
    }

    public async Task SaveScreenAsync(string path)
    {
        JsonElement shot = await CallAsync("Page.captureScreenshot", new { format = "png" });
        await File.WriteAllBytesAsync(path, shot.GetProperty("data").GetBytesFromBase64());
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        if (_process is not null)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        Directory.Delete(_profile, recursive: true);
    }

    private async Task StartAsync(string address)
    {
        string[] words =
        [
            "--headless=new", "--no-first-run", "--no-sandbox", "--disable-dev-shm-usage", "--remote-debugging-port=0",
            "--autoplay-policy=no-user-gesture-required", "--window-size=1280,800", $"--user-data-dir={_profile}", "about:blank",
        ];
        _process = Process.Start(new ProcessStartInfo("chromium", words)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        _ = _process.StandardError.ReadToEndAsync();
        _ = _process.StandardOutput.ReadToEndAsync();
        string file = Path.Combine(_profile, "DevToolsActivePort");
        for (long began = Stopwatch.GetTimestamp(); !File.Exists(file) || (await File.ReadAllLinesAsync(file)).Length < 2;)
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(began) > StartTimeMax)
            {
                throw new InvalidOperationException("The browser did not start.");
            }

            await Task.Delay(LookEvery);
        }

        string port = (await File.ReadAllLinesAsync(file))[0];
        using var http = new HttpClient();
        var make = new Uri($"http://127.0.0.1:{port}/json/new?{Uri.EscapeDataString(address)}");
        using HttpResponseMessage made = await http.PutAsync(make, null);
        JsonElement page = await made.Content.ReadFromJsonAsync<JsonElement>();
        await _socket.ConnectAsync(new Uri(page.GetProperty("webSocketDebuggerUrl").GetString()!), CancellationToken.None);
    }

    private async Task<JsonElement> CallAsync(string method, object parameters)
    {
        int id = ++_lastId;
        using var limit = new CancellationTokenSource(AnswerTimeMax);
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters });
        await _socket.SendAsync(text, WebSocketMessageType.Text, true, limit.Token);
        while (true)
        {
            JsonElement message = await ReceiveAsync(limit.Token);
            if (message.TryGetProperty("id", out JsonElement answered) && answered.GetInt32() == id)
            {
                return message.TryGetProperty("result", out JsonElement result)
                    ? result
                    : throw new InvalidOperationException($"{method}: {message}");
            }
        }
    }

    private async Task<JsonElement> ReceiveAsync(CancellationToken cancellationToken)
    {
        using var whole = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        ValueWebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            whole.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return JsonSerializer.Deserialize<JsonElement>(whole.ToArray());
    }
}
