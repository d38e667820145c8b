using Events.Application.Contracts;
using Events.GraphQL;
using Events.GraphQL.Execution;
using Events.Host.ApiKeys;
using Events.Host.Cameras;
using Events.Host.ExternalStreams;
using Events.Host.Facts;
using Events.Host.Live;
using Events.Host.Projections;
using Events.Host.Recordings;
using Events.Host.Retention;
using Events.Host.Settings;
using Events.Host.Snapshots;
using Events.Host.Users;

namespace Events.Host.GraphQL;

/// <summary>The GraphQL way in: which types make the schema, who may ask, and what failures are told as.</summary>
internal static class GraphQLDoor
{
    public const string Path = "/graphql";

    /// <summary>Deep enough for a page of any list with what belongs to each item.</summary>
    private const double CostMax = 10_000;

    public static IServiceCollection AddGraphQLDoor(this IServiceCollection services, EventsSettings settings)
    {
        services.AddHttpContextAccessor();
        services.AddSingleton<GraphQLCallers>();
        services.AddSingleton<GraphQLCommands>();
        services.AddSingleton<Moments>();
        services.AddSingleton<ViewLists>();
        services.AddSingleton<SharedRows>();
        services.AddSingleton<LogFollower>();
        services.AddSingleton<FactScopes>();
        bool tellsSchema = settings.GraphQL.TellsSchema;
        services.AddGraphQL(AddTypes, _ => new ExecutorOptions
        {
            CostMax = CostMax,
            ErrorOf = ErrorOf,
            IsIntrospectionAllowed = tellsSchema ? null : static _ => false,
        });
        services.AddGraphQLTransports(provider =>
        {
            var callers = provider.GetRequiredService<GraphQLCallers>();
            var schema = new Lazy<string>(() => GraphQLModule.SchemaText(provider));
            return new GraphQLTransportOptions
            {
                OnRequestAsync = callers.OfRequestAsync,
                OnConnectAsync = callers.OfSocketAsync,
                TakeTurn = callers.TakeTurn,
                OriginAllowed = settings.Security.AllowedOrigins.Contains,
                SchemaText = tellsSchema ? () => schema.Value : null,
                Clock = provider.GetRequiredService<TimeProvider>(),
                ConnectionsMax = settings.Server.MaxConnections,
            };
        });
        return services;
    }

    public static void AddTypes(GraphQLTypes types) =>
        types.AddMutationConventions().AuthorizeBy(GraphQLCallers.IsAllowed).Add(
            typeof(CameraQueries),
            typeof(CameraFields),
            typeof(CameraMutations),
            typeof(CameraSubscriptions),
            typeof(RecordingQueries),
            typeof(RecordingFields),
            typeof(RecordingMutations),
            typeof(RecordingSubscriptions),
            typeof(TimelineQueries),
            typeof(GapFields),
            typeof(IntervalFields),
            typeof(SnapshotQueries),
            typeof(SnapshotFields),
            typeof(SnapshotMutations),
            typeof(SnapshotSubscriptions),
            typeof(StorageQueries),
            typeof(StorageFields),
            typeof(RetentionQueries),
            typeof(CleanupFields),
            typeof(RetentionMutations),
            typeof(BroadcastFields),
            typeof(BroadcastMutations),
            typeof(ExternalStreamQueries),
            typeof(ExternalStreamFields),
            typeof(ExternalStreamMutations),
            typeof(ProjectionQueries),
            typeof(ProjectionMutations),
            typeof(ApiKeyQueries),
            typeof(ApiKeyFields),
            typeof(ApiKeyMutations),
            typeof(UserQueries),
            typeof(UserMutations),
            typeof(OwnAccountQueries),
            typeof(OwnAccountMutations),
            typeof(FactQueries),
            typeof(FactSubscriptions));

    private static GraphQLError? ErrorOf(Exception failure) =>
        failure is DependencyUnavailableException away
            ? Coded(
                $"Something that is needed does not answer: {away.Dependency}. Try again shortly.",
                "DEPENDENCY_UNAVAILABLE",
                ("dependency", away.Dependency))
            : null;

    public static GraphQLError Coded(string message, string code, params (string Name, object? Value)[] more)
    {
        Dictionary<string, object?> extensions = new(StringComparer.Ordinal) { ["code"] = code };
        foreach ((string name, object? value) in more)
        {
            extensions[name] = value;
        }

        return new GraphQLError(message) { Extensions = extensions };
    }
}
