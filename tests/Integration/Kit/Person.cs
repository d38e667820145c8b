using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace Events.Tests.Integration.Kit;

/// <summary>Somebody who signed in, at an address of this machine that nobody else has: attempts are counted for each.</summary>
internal sealed class Person : IAsyncDisposable
{
    private const string First = "a long walk in rain";

    private static int _count;

    private readonly RunningHost _host;

    private Person(RunningHost host, string name, IPAddress address)
    {
        (_host, Name, Address) = (host, name, address);
        Http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(new IPEndPoint(address, 0));
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = host.Http.BaseAddress,
        };
    }

    public string Name { get; }

    public string Password { get; private set; } = "another walk in snow";

    public IPAddress Address { get; }

    public HttpClient Http { get; }

    /// <summary>Of the session that she began with.</summary>
    public string Token { get; private set; } = "";

    /// <summary>As facts name her.</summary>
    public string Account { get; private set; } = "";

    /// <summary>Logged in by that token.</summary>
    public RpcClient Rpc { get; private set; } = null!;

    public GraphQLClient Graph => new(_host, Token, Http);

    /// <summary>A new user, who has changed the first password; that was one attempt.</summary>
    public static async Task<Person> MakeAsync(RunningHost host, RpcClient admin, string role)
    {
        int number = Interlocked.Increment(ref _count);
        var person = new Person(host, $"person{number}", IPAddress.Parse($"127.1.{number / 250}.{1 + (number % 250)}"));
        string stream = (await admin.CallAsync("create_user", new { name = person.Name, role, password = First })).Text("stream");
        JsonElement signed = await person.AnswerAsync(
            "password", new { user = person.Name, password = First, newPassword = person.Password });
        (person.Account, person.Token) = (stream, signed.Text("accessToken"));
        person.Rpc = await person.ConnectAsync(person.Token);
        return person;
    }

    public async Task<RpcClient> ConnectAsync(string token)
    {
        RpcClient client = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{_host.Port}/ws"), Http);
        await client.CallAsync("authenticate", new { auth_token = token });
        return client;
    }

    /// <returns>The access token of another session.</returns>
    public async Task<string> SignInAsync(string password, string? code = null) =>
        (await AnswerAsync("sign-in", new { user = Name, password, code })).Text("accessToken");

    public Task<HttpResponseMessage> PostAsync(string what, object body) =>
        Http.PostAsJsonAsync(new Uri($"/auth/{what}", UriKind.Relative), body);

    /// <returns>The code of the refusal.</returns>
    public async Task<string> RefusedAsync(string what, object body)
    {
        using HttpResponseMessage refused = await PostAsync(what, body);
        return JsonElement.Parse(await refused.Content.ReadAsStringAsync()).Text("code");
    }

    public async Task<JsonElement> AnswerAsync(string what, object body)
    {
        using HttpResponseMessage response = await PostAsync(what, body);
        string text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? JsonElement.Parse(text) : throw new InvalidOperationException($"{what}: {text}");
    }

    public async ValueTask DisposeAsync()
    {
        await (Rpc?.DisposeAsync() ?? default);
        Http.Dispose();
    }
}
