using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Cameras;
using Events.Domain.ExternalStreams;
using Events.Domain.Kernel;

namespace Events.Application.ExternalStreams;

/// <summary>Takes a stream on the network in as a camera.</summary>
/// <param name="CameraId">Chosen by the caller; when the stream was added already, its camera keeps the id it has.</param>
/// <param name="Source">As people write it; credentials are split off and kept apart.</param>
public sealed record AddExternalStream(CameraId CameraId, string Name, string Source, ExternalStreamKind Kind)
{
    public override string ToString() => $"AddExternalStream {CameraId}";
}

/// <summary>Retires the camera that an external stream became.</summary>
/// <param name="Source">As in <see cref="AddExternalStream"/>; credentials in it are not looked at.</param>
public sealed record RemoveExternalStream(string Source)
{
    public override string ToString() => nameof(RemoveExternalStream);
}

/// <summary>
/// External streams are cameras like any other, found by their address. Adding and removing takes turns, so that two callers do
/// not register one address twice.
/// </summary>
public sealed class ExternalStreamHandler(DiscoveryRule rule, AddCameraHandler cameras, IReadModels views) : IDisposable
{
    private static readonly string[] _schemes = ["rtsp", "rtsps", "http", "https"];

    private readonly SemaphoreSlim _turn = new(1, 1);

    public void Dispose() => _turn.Dispose();

    /// <summary>External streams that were added and not removed, by camera number.</summary>
    public async Task<IReadOnlyList<CameraView>> ListAsync(CancellationToken cancellationToken)
    {
        List<CameraView> external = [];
        for (int offset = 0; ; offset += ViewQuery.LimitMax)
        {
            var page = await views.ListAsync(
                CameraViewProjection.View, CameraView.Present with { Offset = offset }, cancellationToken);
            external.AddRange(page.Rows.Where(camera => camera.External is not null));
            if (offset + page.Rows.Count >= page.Total)
            {
                return external;
            }
        }
    }

    public async Task<CommandResult> HandleAsync(
        AddExternalStream command, IStreams streams, CancellationToken cancellationToken)
    {
        if (!rule.IsEnabled)
        {
            return CommandResult.Refused(ExternalStreamRefusals.SwitchedOff);
        }

        if (SourceAddress.TryParse(command.Source) is not { } address || !_schemes.Contains(address.Source.Scheme))
        {
            return CommandResult.Refused(ExternalStreamRefusals.NotOnNetwork);
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            CameraView? there = await FindAsync(address.Source, cancellationToken);
            if (there is not null && (there.Name != command.Name || there.External != command.Kind))
            {
                return CommandResult.Refused(ExternalStreamRefusals.AlreadyAdded);
            }

            var add = new AddCamera(there?.Id ?? command.CameraId, command.Name, command.Source, command.Kind);
            CommandResult added = await cameras.HandleAsync(add, streams, cancellationToken);

            // The next in turn must see it.
            await views.WaitForAsync(added.Position, CommandBus.VisibilityTimeout, cancellationToken);
            return added;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task<CommandResult> HandleAsync(
        RemoveExternalStream command, IStreams streams, CancellationToken cancellationToken)
    {
        if (!rule.IsEnabled)
        {
            return CommandResult.Refused(ExternalStreamRefusals.SwitchedOff);
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (SourceAddress.TryParse(command.Source) is not { } address
                || await FindAsync(address.Source, cancellationToken) is not { } there)
            {
                return CommandResult.Refused(ExternalStreamRefusals.NotFound);
            }

            var retired = await streams.TransactAsync(
                Camera.Decider,
                there.Id.ToString(),
                new RetireCamera(there.Id, "The external stream was removed."),
                cancellationToken);
            await views.WaitForAsync(retired.Position, CommandBus.VisibilityTimeout, cancellationToken);
            return CommandResult.From(retired);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task<CommandResult> HandleAsync(
        SetDiscoveryInterval command, IStreams streams, CancellationToken cancellationToken) =>
        rule.IsEnabled
            ? CommandResult.From(await streams.TransactAsync(Discovery.Decider, Discovery.Key, command, cancellationToken))
            : CommandResult.Refused(ExternalStreamRefusals.SwitchedOff);

    private async Task<CameraView?> FindAsync(SourceUrl source, CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken)).FirstOrDefault(camera => camera.Source == source);
}
