using Events.EventStore;
using Events.EventStore.Seals;
using Events.Host.Control;

namespace Events.Host.Audit;

/// <summary>Tells the command line where the log, its seals and its footage are, so that it reads them itself.</summary>
internal sealed class AuditControl(EventStoreOptions store, SealOptions options, ISeals seals, ControlFacts facts) : IControlRoutes
{
    public void Map(RouteGroupBuilder control) =>
        control.MapGet("/log", () => Results.Json(
            new LogPlace(store.ConnectionString(), options.Folder, facts.Data, seals.Status.Trouble),
            AuditJson.Default.LogPlace));
}
