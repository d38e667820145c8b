using System.Text.Json;
using Events.Application;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Weasel.Core;
using Weasel.Postgresql;

namespace Events.Tests.MartenReader;

/// <summary>
/// Marten itself on a database of ours. Behind the connection string one of
/// <c>plan</c>: what Marten would change of tables, as SQL;
/// <c>read</c>: every event that Marten reads, a line of JSON each;
/// <c>append STREAM WRITERS COUNT</c>: renames a camera, each writer so often, next to whoever else writes;
/// <c>project</c>: Marten's own daemon folds the whole log, a line for each camera.
/// </summary>
internal static class Program
{
    /// <summary>Of a projection that folds a short log.</summary>
    private static readonly TimeSpan ProjectionTimeMax = TimeSpan.FromSeconds(60);

    public static async Task<int> Main(string[] words)
    {
        using DocumentStore store = Open(words[0], mayCreate: words[1] is not ("plan" or "read"));
        await (words[1] switch
        {
            "plan" => PlanAsync(store),
            "read" => ReadAsync(store),
            "append" => AppendAsync(store, words[2], int.Parse(words[3]), int.Parse(words[4])),
            _ => ProjectAsync(store),
        });
        return 0;
    }

    private static DocumentStore Open(string connection, bool mayCreate) => DocumentStore.For(options =>
    {
        options.Connection(connection);
        options.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase, EventTypes.Configure);
        options.AutoCreateSchemaObjects = mayCreate ? AutoCreate.CreateOrUpdate : AutoCreate.None;
        options.DatabaseSchemaName = "marten";
        options.Events.DatabaseSchemaName = "events";
        options.Events.StreamIdentity = StreamIdentity.AsString;
        options.Events.MetadataConfig.CorrelationIdEnabled = true;
        options.Events.MetadataConfig.CausationIdEnabled = true;
        options.Events.MetadataConfig.HeadersEnabled = true;
        options.Events.MetadataConfig.UserNameEnabled = true;
        foreach (EventType type in EventTypes.Catalogue.Types)
        {
            options.Events.MapEventType(type.FactType, type.Alias);
        }

        options.Projections.Snapshot<NamedCamera>(SnapshotLifecycle.Async);
    });

    private static async Task PlanAsync(DocumentStore store)
    {
        SchemaMigration plan = await store.Storage.Database.CreateMigrationAsync();
        IEnumerable<ISchemaObjectDelta> changes = plan.Deltas.Where(
            one => one.Difference is SchemaPatchDifference.Update or SchemaPatchDifference.Invalid);
        foreach (ISchemaObjectDelta delta in changes)
        {
            using var sql = new StringWriter();
            delta.WriteUpdate(new PostgresqlMigrator(), sql);
            Console.WriteLine(sql.ToString().Trim());
        }

        IEnumerable<string> same = plan.Deltas.Where(one => one.Difference is SchemaPatchDifference.None)
            .Select(one => one.SchemaObject.Identifier.QualifiedName);
        Console.WriteLine($"-- the same: {string.Join(' ', same.Order(StringComparer.Ordinal))}");
    }

    private static async Task ReadAsync(DocumentStore store)
    {
        await using IQuerySession session = store.QuerySession();
        foreach (IEvent one in await session.Events.QueryAllRawEvents().OrderBy(e => e.Sequence).ToListAsync())
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                seq_id = one.Sequence,
                id = one.Id,
                stream_id = one.StreamKey,
                version = one.Version,
                data = JsonSerializer.Deserialize<JsonElement>(store.Serializer.ToJson(one.Data)),
                type = one.EventTypeName,
                fact = one.Data.GetType().Name,
                micros = (one.Timestamp.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond,
                correlation_id = one.CorrelationId,
                causation_id = one.CausationId,
                headers = one.Headers,
                user_name = one.UserName,
            }));
        }
    }

    /// <summary>Each writer waits for its last append; one that met somebody else's begins again from the new version.</summary>
    private static async Task AppendAsync(DocumentStore store, string stream, int writers, int count)
    {
        var camera = new CameraId(Guid.Parse(stream[(stream.IndexOf('-', StringComparison.Ordinal) + 1)..]));
        await Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
        {
            for (int i = 0; i < count;)
            {
                await using IDocumentSession session = store.LightweightSession();
                session.CorrelationId = $"marten-{writer}";
                session.CausationId = $"marten-{writer}-{i}";
                session.SetHeader("by", "marten");
                try
                {
                    await session.Events.AppendOptimistic(
                        stream, new CameraRenamed(camera, $"Marten {writer}.{i}", DateTimeOffset.UtcNow));
                    await session.SaveChangesAsync();
                    i++;
                }
                catch (Exception e) when (e is ConcurrencyException or EventStreamUnexpectedMaxEventIdException)
                {
                    // The next version is somebody else's.
                }
            }
        }));
    }

    private static async Task ProjectAsync(DocumentStore store)
    {
        using (IProjectionDaemon daemon = await store.BuildProjectionDaemonAsync())
        {
            await daemon.RebuildProjectionAsync<NamedCamera>(ProjectionTimeMax, CancellationToken.None);
        }

        await using IQuerySession session = store.QuerySession();
        foreach (NamedCamera camera in await session.Query<NamedCamera>().ToListAsync())
        {
            Console.WriteLine(JsonSerializer.Serialize(new { camera.Id, camera.Name, camera.Renamed }));
        }
    }
}

/// <summary>A view that Marten makes by its own conventions.</summary>
public sealed class NamedCamera
{
    public string Id { get; set; } = "";

    public string Name { get; set; } = "";

    public int Renamed { get; set; }

    public static NamedCamera Create(CameraRegistered fact) => new() { Name = fact.Name };

    public void Apply(CameraRenamed fact) => (Name, Renamed) = (fact.Name, Renamed + 1);
}
