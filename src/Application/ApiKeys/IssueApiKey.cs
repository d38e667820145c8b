using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.ApiKeys;
using Events.Domain.Kernel;

namespace Events.Application.ApiKeys;

/// <summary>Issues and narrows keys: their cameras must be there, their addresses must be some.</summary>
public sealed class ApiKeyHandler(IReadModels views)
{
    public async Task<CommandResult> HandleAsync(IssueApiKey command, IStreams streams, CancellationToken cancellationToken)
    {
        if (await RefusalOfAsync(command.Limits, cancellationToken) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        long held = 0;
        foreach (ApiKeyStatus status in new[] { ApiKeyStatus.Active, ApiKeyStatus.Suspended })
        {
            ViewQuery query = ViewQuery.Where("status", status.ToString()) with { Limit = 1 };
            held += (await views.ListAsync(ApiKeyViewProjection.View, query, cancellationToken)).Total;
        }

        return held >= ApiKeyRing.CountMax
            ? CommandResult.Refused(ApiKeyRefusals.TooMany)
            : await TransactAsync(command, streams, cancellationToken);
    }

    public async Task<CommandResult> HandleAsync(NarrowApiKey command, IStreams streams, CancellationToken cancellationToken) =>
        await RefusalOfAsync(command.Limits, cancellationToken) is { } refusal
            ? CommandResult.Refused(refusal)
            : await TransactAsync(command, streams, cancellationToken);

    private static async Task<CommandResult> TransactAsync(
        ApiKeyCommand command, IStreams streams, CancellationToken cancellationToken) =>
        CommandResult.From(
            await streams.TransactAsync(ApiKey.Decider, command.KeyId.ToString(), command, cancellationToken));

    private async Task<Refusal?> RefusalOfAsync(ApiKeyLimits limits, CancellationToken cancellationToken)
    {
        if (limits.Addresses is { } addresses && AddressSet.Normalise(addresses.Split(' ')) != addresses)
        {
            return ApiKeyRefusals.BadAddresses;
        }

        return await RegisteredCameras.HaveAllAsync(views, limits.Cameras, cancellationToken) ? null : ApiKeyRefusals.BadCameras;
    }
}
