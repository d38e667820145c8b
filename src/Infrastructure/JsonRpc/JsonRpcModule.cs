using Events.JsonRpc.Polling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Events.JsonRpc;

/// <summary>
/// The door of this library: JSON-RPC 2.0 in full, batches included, over ASP.NET Core's WebSockets.
/// Limits worth knowing: text frames only (else close 1003), valid UTF-8 (else close 1007, RFC 6455 section 8.1), parameters
/// by name, the requests of one connection run one at a time and in order, those of different connections side by side.
/// </summary>
public static class JsonRpcModule
{
    /// <summary>Adds the server and <see cref="JsonRpcConnections"/>, which needs no options and may be used in them.</summary>
    /// <param name="options">Made once, at start; one that cannot be kept fails the start with an ArgumentException.</param>
    public static IServiceCollection AddJsonRpc(
        this IServiceCollection services, Func<IServiceProvider, JsonRpcOptions> options)
    {
        services.AddSingleton(provider =>
        {
            JsonRpcOptions made = options(provider);
            made.Require();
            return made;
        });
        services.AddSingleton<JsonRpcConnections>();
        services.AddSingleton<Caretaker>();
        services.AddSingleton<Dispatcher>();
        services.AddSingleton<Handshake>();
        services.AddHostedService(provider => provider.GetRequiredService<Caretaker>());
        return services;
    }

    /// <summary>
    /// Has the web server take its connections from one thread that polls them all, which answers short calls by itself. On
    /// Linux; elsewhere, and for what is not TCP, its own transport stays.
    /// </summary>
    public static IServiceCollection AddPolledSockets(this IServiceCollection services) =>
        services.AddSingleton<IConnectionListenerFactory, PolledTransport>();

    /// <summary>
    /// Serves sockets at a path. Before the upgrade: 426 for plain HTTP, 400 for a broken handshake, 403 for a refused origin,
    /// 503 when all places are taken or the server stops.
    /// </summary>
    public static IEndpointConventionBuilder MapJsonRpc(this IEndpointRouteBuilder endpoints, string path)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var options = endpoints.ServiceProvider.GetRequiredService<JsonRpcOptions>();
        var handshake = endpoints.ServiceProvider.GetRequiredService<Handshake>();
        RequestDelegate pipeline = endpoints.CreateApplicationBuilder()
            .UseWebSockets(new WebSocketOptions
            {
                KeepAliveInterval = options.PingInterval,
                KeepAliveTimeout = options.PongWait,
            })
            .Use(_ => handshake.InvokeAsync)
            .Build();
        return endpoints.Map(path, pipeline);
    }
}
