using Events.GraphQL.Http;
using Events.GraphQL.Transports;
using Events.GraphQL.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Events.GraphQL;

/// <summary>The door of this library.</summary>
public static partial class GraphQLModule
{
    /// <summary>
    /// Adds the transports and <see cref="GraphQLTraffic"/>, which needs no options. They ask the registered
    /// <see cref="IGraphQLExecutor"/>.
    /// </summary>
    /// <param name="options">Made once, at start; ones that cannot be kept fail the start with an ArgumentException.</param>
    public static IServiceCollection AddGraphQLTransports(
        this IServiceCollection services, Func<IServiceProvider, GraphQLTransportOptions> options)
    {
        services.AddSingleton(provider =>
        {
            GraphQLTransportOptions made = options(provider);
            made.Require();
            return made;
        });
        services.AddSingleton<GraphQLTraffic>();
        services.AddSingleton<Quotas>();
        services.AddSingleton<PersistedOperations>();
        services.AddSingleton<Operations>();
        services.AddSingleton<Caretaker>();
        services.AddSingleton<Handshake>();
        services.AddSingleton<GraphQLEndpoint>();
        services.AddHostedService(provider => provider.GetRequiredService<Caretaker>());
        return services;
    }

    /// <summary>
    /// Serves at a path, by the headers of each request: GraphQL over HTTP (POST, GET), Server-Sent Events (graphql-sse,
    /// distinct connections mode), WebSockets (graphql-transport-ws), and GraphiQL for browsers. Below the path:
    /// <c>schema.graphql</c>.
    /// </summary>
    public static IEndpointConventionBuilder MapGraphQL(this IEndpointRouteBuilder endpoints, string path)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var options = endpoints.ServiceProvider.GetRequiredService<GraphQLTransportOptions>();
        var endpoint = endpoints.ServiceProvider.GetRequiredService<GraphQLEndpoint>();
        RequestDelegate pipeline = endpoints.CreateApplicationBuilder()
            .UseWebSockets(new WebSocketOptions
            {
                KeepAliveInterval = options.KeepAliveInterval,
                KeepAliveTimeout = options.PongWait,
            })
            .Use(_ => endpoint.InvokeAsync)
            .Build();
        RouteGroupBuilder group = endpoints.MapGroup(path);
        group.Map("", pipeline);
        group.MapMethods(GraphQLEndpoint.SchemaFile, [HttpMethods.Get], (RequestDelegate)endpoint.SchemaAsync);
        group.MapMethods($"{GraphiQLPage.Folder}/{{file}}", [HttpMethods.Get], (RequestDelegate)endpoint.GraphiQLFileAsync);
        return group;
    }
}
