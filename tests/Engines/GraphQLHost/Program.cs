// The engine and its transports alone: no cameras, no sign-in, on loopback.
// dotnet run --project tests/Engines/GraphQLHost -- --port N [--graphiql FOLDER]
// Prints one line once it listens. Port 0 takes any free one. Ends with SIGINT or SIGTERM.
using System.Globalization;
using System.Net;
using System.Text.Json;
using Events.GraphQL;
using Events.Tests.GraphQLHost;

int? port = null;
string? graphiQL = null;
for (int i = 0; i + 1 < args.Length; i += 2)
{
    switch (args[i])
    {
        case "--port" when ushort.TryParse(args[i + 1], CultureInfo.InvariantCulture, out ushort given):
            port = given;
            break;
        case "--graphiql":
            graphiQL = args[i + 1];
            break;
        default:
            port = null;
            i = args.Length;
            break;
    }
}

if (port is null || args.Length % 2 != 0)
{
    await Console.Error.WriteLineAsync("Usage: GraphQLHost --port N [--graphiql FOLDER]");
    return 2;
}

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
builder.Configuration.Sources.Clear();
builder.Logging.ClearProviders();
builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
    kestrel.Listen(IPAddress.Loopback, port.Value);
});
builder.Services.AddGraphQL(types => types.Add(typeof(Queries), typeof(Mutations), typeof(Subscriptions), typeof(Item)));
builder.Services.AddGraphQLTransports(services =>
{
    var options = new GraphQLTransportOptions
    {
        OnConnectAsync = (connect, _) => new(Admit(connect.Params)),
        SchemaText = () => GraphQLModule.SchemaText(services),
    };
    return graphiQL is null ? options : options with { GraphiQLFolder = graphiQL };
});
await using WebApplication app = builder.Build();
app.MapGraphQL("/graphql");
await app.StartAsync();
Console.WriteLine($"Listening on {app.Urls.First()}/graphql");
await app.WaitForShutdownAsync();
return 0;

static GraphQLAdmission Admit(JsonElement? given) =>
    given is { } connection && connection.TryGetProperty("deny", out JsonElement deny) && deny.ValueKind == JsonValueKind.True
        ? GraphQLAdmission.Deny("Forbidden")
        : GraphQLAdmission.Accept(null);
