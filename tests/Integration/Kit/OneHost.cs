using Xunit;

namespace Events.Tests.Integration.Kit;

/// <summary>
/// A host with default settings for all tests of a class, which do not disturb each other: each uses cameras and accounts of its
/// own, and counts nothing that another may add to. To start a host costs as much as most tests.
/// </summary>
public sealed class OneHost : IAsyncLifetime
{
    internal RunningHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await RunningHost.StartAsync();

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? default;
}
