using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Events.Host.Control;

namespace Events.Host.Cli;

/// <summary>What a verb could not do, in words for the person at the keyboard.</summary>
internal class CommandFailedException(string message) : Exception(message);

/// <summary>The host that served the folder last is gone, or hangs.</summary>
internal sealed class HostAwayException(string message) : CommandFailedException(message);

/// <summary>Speaks to the host that serves a data folder, with the credential that lies there.</summary>
internal sealed class ControlClient : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(40);

    private readonly HttpClient _http;

    private ControlClient(RunningHost host, TimeSpan timeout)
    {
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri(host.Url),
            Timeout = timeout,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", host.Token);
    }

    /// <exception cref="CommandFailedException">No host serves the folder, or the file is not ours to read.</exception>
    public static ControlClient For(string dataFolder) => For(dataFolder, Timeout);

    /// <summary>The same, for what may take longer.</summary>
    public static ControlClient For(string dataFolder, TimeSpan timeout)
    {
        string path = PathOf(dataFolder);
        try
        {
            RunningHost host = JsonSerializer.Deserialize(File.ReadAllText(path), ControlJson.Default.RunningHost)
                ?? throw new CommandFailedException($"{path} is empty. Start the host again: ./events up");
            return new ControlClient(host, timeout);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandFailedException(
                $"No host serves the data folder {dataFolder}. Start one (./events up), or name another folder with --data.");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{path} may only be read by the owner of the data folder. Run this as that user.");
        }
        catch (JsonException)
        {
            throw new CommandFailedException($"{path} is damaged. Start the host again: ./events up");
        }
    }

    public static string PathOf(string dataFolder) => Path.Combine(dataFolder, "run", "host.json");

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> json, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), json, cancellationToken);

    public Task<T> PostAsync<TBody, T>(
        string path, TBody body, JsonTypeInfo<TBody> bodyJson, JsonTypeInfo<T> json, CancellationToken cancellationToken) =>
        SendAsync(
            new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new StringContent(
                    JsonSerializer.Serialize(body, bodyJson), new MediaTypeHeaderValue("application/json")),
            },
            json,
            cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> json, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
            string text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return JsonSerializer.Deserialize(text, json)
                    ?? throw new CommandFailedException("The host gave an empty answer.");
            }

            ControlProblem? problem = JsonSerializer.Deserialize(text, ControlJson.Default.ControlProblem);
            throw new CommandFailedException($"{problem?.Message} ({problem?.Code})");
        }
        catch (HttpRequestException)
        {
            throw new HostAwayException(
                "The host does not answer. It may have ended without a word; start it again: ./events up");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HostAwayException(string.Create(
                CultureInfo.InvariantCulture,
                $"The host has not answered for {_http.Timeout.TotalSeconds} s. It hangs, or what it does takes longer."));
        }
        catch (JsonException)
        {
            throw new CommandFailedException("Something else than this program's host answered on that port.");
        }
        finally
        {
            request.Dispose();
        }
    }
}
