using Events.Application;
using Events.Application.Contracts;
using Events.EventStore.Appending;
using Events.EventStore.Feed;
using Events.EventStore.Personal;
using Events.EventStore.Postgres;
using Events.EventStore.Projections;
using Events.EventStore.Reading;
using Events.EventStore.Seals;
using Events.EventStore.Seals.Outside;
using Events.EventStore.Seals.Publishing;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Witnessing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.EventStore;

/// <summary>The event store's place in the host.</summary>
public static class EventStoreModule
{
    /// <summary>
    /// Adds <see cref="IEventStore"/>, <see cref="ILog"/>, <see cref="IFacts"/>, <see cref="IChanges"/>,
    /// <see cref="IReadModels"/>, <see cref="IViewPages"/>, <see cref="IRebuilds"/>,
    /// <see cref="IConnectedHosts"/> and <see cref="EventStoreSchema"/>, and the loops behind them. Needs an
    /// <see cref="EventCatalogue"/>, each <see cref="View"/> and logging; with an <see cref="IPersonalData"/>, what facts say of
    /// people is sealed. A PostgreSQL that is away, at start or at any time,
    /// makes calls fail with <see cref="DependencyUnavailableException"/> and the loops wait; both recover by themselves.
    /// </summary>
    public static IServiceCollection AddEventStore(this IServiceCollection services, EventStoreOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<Database>();
        services.AddSingleton<IConnectedHosts, ConnectedHosts>();
        services.AddSingleton(provider => new PersonalBodies(
            provider.GetRequiredService<EventCatalogue>(), provider.GetService<IPersonalData>()));
        services.AddSingleton(provider => new EventStoreSchema(
            provider.GetRequiredService<Database>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<EventStoreSchema>>()));
        AddWriting(services);
        AddReading(services);
        return services;
    }

    /// <summary>
    /// Adds <see cref="ISeals"/>, <see cref="ISealedTree"/>, <see cref="IAnchors"/> and the loops that sign the log and
    /// show its heads outside, beside <see cref="AddEventStore"/>. Without it the log is kept, and nothing proves it.
    /// </summary>
    public static IServiceCollection AddSeals(this IServiceCollection services, SealOptions options)
    {
        services.AddSingleton(options);
        AddLoop<Sealer>(services);
        services.AddSingleton<ISeals>(provider => provider.GetRequiredService<Sealer>());
        services.AddSingleton<AnchorSinks>();
        services.AddSingleton<IHeadsOutside, HeadsOutside>();
        AddLoop<Anchorer>(services);
        services.AddSingleton<IAnchors>(provider => provider.GetRequiredService<Anchorer>());
        services.AddSingleton<ISealedTree, SealedTree>();
        return services;
    }

    /// <summary>Adds <see cref="IWitness"/>, for logs of other installations. Needs nothing of ours.</summary>
    public static IServiceCollection AddWitness(this IServiceCollection services, WitnessOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<IWitness, Witness>();
        return services;
    }

    private static void AddWriting(IServiceCollection services)
    {
        services.AddSingleton<CommitSignal>();
        services.AddSingleton(provider => new SealGate(
            provider.GetRequiredService<TimeProvider>(), isHeld: provider.GetService<SealOptions>() is not null));
        services.AddSingleton<RisingClock>();
        services.AddSingleton<Courtesy>();
        services.AddSingleton<GroupWriter>();
        AddLoop<AppendLane>(services);
        services.AddSingleton<TurnPerStream>();
        services.AddSingleton<RememberedStates>();
        services.AddSingleton<IEventStore, Appending.EventStore>();
    }

    private static void AddReading(IServiceCollection services)
    {
        services.AddSingleton<Log>();
        services.AddSingleton<LogTail>();
        services.AddSingleton<ILog>(provider => provider.GetRequiredService<Log>());
        services.AddSingleton<IFacts, FactSearch>();
        services.AddSingleton<IViewPages, ViewPages>();
        services.AddSingleton<ViewProgress>();
        services.AddSingleton<PausedViews>();
        services.AddSingleton<IReadModels, ReadModels>();
        AddLoop<ProjectionService>(services);
        services.AddSingleton<IRebuilds>(provider => provider.GetRequiredService<ProjectionService>());
        services.AddSingleton<IProjections>(provider => provider.GetRequiredService<ProjectionService>());
        AddLoop<ChangeFeed>(services);
        services.AddSingleton<IChanges>(provider => provider.GetRequiredService<ChangeFeed>());
        AddLoop<CommitFeed>(services);
        services.AddSingleton<ICommits>(provider => provider.GetRequiredService<CommitFeed>());
        AddLoop<Listener>(services);
    }

    private static void AddLoop<T>(IServiceCollection services)
        where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<T>());
    }
}
