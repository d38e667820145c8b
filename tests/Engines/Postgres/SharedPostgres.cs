using Events.Tests.Engines.Postgres;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedPostgres))]

namespace Events.Tests.Engines.Postgres;

/// <summary>
/// Ends the shared server after the last test. Its hundreds of databases take longer to delete than a process has for its exit.
/// </summary>
public sealed class SharedPostgres : IAsyncDisposable
{
    public async ValueTask DisposeAsync() => await PostgresFixture.EndAsync();
}
