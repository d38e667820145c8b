using Events.GraphQL.Binding;
using Events.GraphQL.Execution;
using Events.GraphQL.Types;
using Events.GraphQL.Types.Sdl;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Events.GraphQL;

public static partial class GraphQLModule
{
    /// <summary>
    /// Adds the engine for a schema that is made of C# types, once, when the executor is first asked for. Topics in memory come
    /// with it.
    /// </summary>
    /// <param name="types">Lists the types.</param>
    /// <param name="options">Null for the usual ones.</param>
    public static IServiceCollection AddGraphQL(
        this IServiceCollection services, Action<GraphQLTypes> types, Func<IServiceProvider, ExecutorOptions>? options = null)
    {
        services.AddSingleton<Topics>();
        services.AddSingleton<ITopicEventSender>(provider => provider.GetRequiredService<Topics>());
        services.AddSingleton<ITopicEventReceiver>(provider => provider.GetRequiredService<Topics>());
        services.AddSingleton(provider =>
        {
            var registered = new GraphQLTypes();
            types(registered);
            return new SchemaBinder(registered, provider.GetService<IServiceProviderIsService>()).Bind();
        });
        services.AddSingleton<IGraphQLExecutor>(provider => new Executor(
            provider.GetRequiredService<GraphSchema>(),
            options?.Invoke(provider) ?? new ExecutorOptions(),
            provider.GetService<ILoggerFactory>()?.CreateLogger("Events.GraphQL") ?? NullLogger.Instance));
        return services;
    }

    /// <returns>The SDL of the schema that <see cref="AddGraphQL"/> made.</returns>
    public static string SchemaText(IServiceProvider services) => SdlWriter.Write(services.GetRequiredService<GraphSchema>());
}
