using Events.Application.Contracts;
using Events.EventStore.Postgres;

namespace Events.EventStore.Seals;

/// <summary>
/// Shut while the log is behind what was signed before: facts that were appended now would take the places of lost ones. Opened
/// by a fork. With a sealer it is held until that has looked for the first time, so that not one fact slips through.
/// </summary>
/// <param name="isHeld">Whether there is a sealer, whose first look must be waited for.</param>
internal sealed class SealGate(TimeProvider time, bool isHeld)
{
    /// <summary>The first look takes milliseconds once PostgreSQL answers. A caller that waits longer is told why.</summary>
    public static readonly TimeSpan LookTimeMax = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isHeld = isHeld;
    private volatile string? _why;
    private volatile string? _away;

    /// <summary>Why nothing may be appended; null when it may, or when that is not known yet.</summary>
    public string? Why => _why;

    /// <summary>Whether nobody has looked yet, so that nothing may be let through.</summary>
    public bool IsHeld => _isHeld;

    /// <summary>Says that PostgreSQL does not answer the first look; nobody needs to wait for that.</summary>
    public void Wait(string why) => _away = why;

    public void Shut(string why)
    {
        _why = why;
        Release();
    }

    public void Open()
    {
        _why = null;
        Release();
    }

    /// <exception cref="DependencyUnavailableException">
    /// Nobody has looked in time, or PostgreSQL is away.
    /// </exception>
    public async Task LookedAsync(CancellationToken cancellationToken)
    {
        if (_away is { } away)
        {
            throw new DependencyUnavailableException(Failure.Dependency, away);
        }

        try
        {
            await _looked.Task.WaitAsync(LookTimeMax, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new DependencyUnavailableException(
                "seals", "The host has not looked yet whether the log was set back. Try again.");
        }
    }

    private void Release()
    {
        _isHeld = false;
        _looked.TrySetResult();
    }
}
