using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>
/// GraphQL reads, parses and checks what somebody sends whom nobody knows, within bounds for each address. The stranger is
/// 127.0.0.9, which the host takes for another machine than 127.0.0.1.
/// </summary>
public sealed class Strangers(House house) : IClassFixture<House>
{
    private const int BodyBytesMax = 64 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private RunningHost Host => house.Host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData("csk_0123456789012345678901234567890123456789012")]
    public async Task ask_so_often_and_no_oftener(string? bad)
    {
        using HttpClient stranger = At(bad is null ? "127.0.0.9" : "127.0.0.10");
        List<HttpStatusCode> answers = [];
        for (int i = 0; i < 400; i++)
        {
            using HttpResponseMessage answer = await PostAsync(stranger, "{ __typename }", bad);
            answers.Add(answer.StatusCode);
            Assert.Equal(answer.StatusCode == HttpStatusCode.TooManyRequests, answer.Headers.RetryAfter is not null);
        }

        HttpStatusCode heard = bad is null ? HttpStatusCode.OK : HttpStatusCode.Unauthorized;
        Assert.All(answers[..50], status => Assert.Equal(heard, status));
        Assert.Contains(HttpStatusCode.TooManyRequests, answers);
        using HttpResponseMessage known = await PostAsync(stranger, "{ __typename }", await Host.TokenAsync("viewer"));
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
        for (int i = 0; i < 100; i++)
        {
            using HttpResponseMessage here = await PostAsync(Host.Http, "{ __schema { queryType { name } } }", null);
            Assert.Equal(HttpStatusCode.OK, here.StatusCode);
        }
    }

    [Theory]
    [InlineData("127.0.0.11", 4)]
    [InlineData("127.0.0.1", 64)]
    public async Task have_so_many_requests_open_and_no_more(string from, int countMax)
    {
        using HttpClient stranger = At(from);
        List<Socket> held = [];
        try
        {
            for (int i = 0; i < countMax; i++)
            {
                held.Add(await BeginAsync(from));
            }

            await Until.TrueAsync(
                async () =>
                {
                    using HttpResponseMessage answer = await PostAsync(stranger, "{ __typename }", null);
                    return answer.StatusCode == HttpStatusCode.TooManyRequests && answer.Headers.RetryAfter is not null;
                },
                Limit,
                "a request too many");
            using HttpResponseMessage known = await PostAsync(stranger, "{ __typename }", await Host.TokenAsync("viewer"));
            Assert.Equal(HttpStatusCode.OK, known.StatusCode);
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }

        await Until.TrueAsync(
            async () =>
            {
                using HttpResponseMessage answer = await PostAsync(stranger, "{ __typename }", null);
                return answer.StatusCode == HttpStatusCode.OK;
            },
            Limit,
            "room again");
    }

    [Theory]
    [InlineData(BodyBytesMax, false, HttpStatusCode.OK)]
    [InlineData(BodyBytesMax + 1, false, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(BodyBytesMax + 1, true, HttpStatusCode.OK)]
    public async Task send_short_requests(int length, bool isKnown, HttpStatusCode status)
    {
        string token = await Host.TokenAsync("viewer");
        string query = "{ __typename }" + new string(' ', length - "{\"query\":\"{ __typename }\"}".Length);
        using HttpResponseMessage answer = await PostAsync(Host.Http, query, isKnown ? token : null);
        Assert.Equal(status, answer.StatusCode);
    }

    private HttpClient At(string address) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) => new NetworkStream(await ConnectAsync(address, cancellation), ownsSocket: true),
    })
    {
        BaseAddress = Host.Http.BaseAddress,
    };

    /// <summary>A request whose body does not come.</summary>
    private async Task<Socket> BeginAsync(string from)
    {
        Socket socket = await ConnectAsync(from, Cancel);
        await socket.SendAsync(
            "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{"u8.ToArray(), Cancel);
        return socket;
    }

    private async Task<Socket> ConnectAsync(string from, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(IPAddress.Loopback, Host.Port, cancellation);
        return socket;
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string query, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/graphql")
        {
            Content = new StringContent($$"""{"query":"{{query}}"}""", Encoding.UTF8, "application/json"),
        };
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return await client.SendAsync(request, Cancel);
    }
}
