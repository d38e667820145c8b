using Events.Application.Contracts;
using Events.Media.Discovery;
using Events.Media.Rtsp;
using Events.Media.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.Media;

/// <summary>The embedded media engine.</summary>
public static class MediaModule
{
    /// <summary>
    /// Adds <see cref="IMediaControl"/>, <see cref="IFootage"/>, <see cref="ILiveOutput"/> and <see cref="IStreamFinder"/>.
    /// Needs <see cref="IChildProcesses"/> and <see cref="IMediaListener"/>; the listener is asked for only when there is
    /// something to tell, so it may itself need the doors. The storage folder is opened when the host starts or when a door is
    /// first asked for, whichever is earlier: <see cref="ForeignStorageException"/> is thrown there when it is another
    /// installation's.
    /// </summary>
    public static IServiceCollection AddMedia(this IServiceCollection services, MediaOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(_ => StorageFolder.Open(options));
        services.AddSingleton(provider => new MediaEngine(
            options,
            provider.GetRequiredService<StorageFolder>(),
            provider.GetRequiredService<IChildProcesses>(),
            provider.GetRequiredService<IMediaListener>,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<MediaEngine>>()));
        services.AddSingleton<IMediaControl>(provider => provider.GetRequiredService<MediaEngine>());
        services.AddSingleton<ILiveOutput>(provider => provider.GetRequiredService<MediaEngine>());
        services.AddSingleton<IFootage, Footage>();
        services.AddSingleton<IStreamFinder, StreamFinder>();
        services.AddHostedService<StorageGate>();
        return services;
    }

    /// <summary>
    /// Adds the RTSP server and <see cref="IRtspOutput"/>. Needs <see cref="AddMedia"/> and <see cref="ILiveGate"/>, which is
    /// asked for only when a player comes, so it may itself need the doors. It listens from the host's start on; a port that
    /// cannot be listened on is a <see cref="System.Net.Sockets.SocketException"/> there.
    /// </summary>
    public static IServiceCollection AddRtsp(
        this IServiceCollection services, Func<IServiceProvider, RtspOptions> options)
    {
        services.AddSingleton(provider => new RtspServer(
            options(provider),
            provider.GetRequiredService<MediaEngine>(),
            provider.GetRequiredService<ILiveGate>,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RtspServer>>()));
        services.AddSingleton<IRtspOutput>(provider => provider.GetRequiredService<RtspServer>());
        services.AddHostedService(provider => provider.GetRequiredService<RtspServer>());
        return services;
    }
}

/// <summary>
/// Opens the storage folder at the host's start, so that a foreign one stops the start and not the first recording.
/// </summary>
internal sealed class StorageGate(IServiceProvider provider) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = provider.GetRequiredService<StorageFolder>();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
