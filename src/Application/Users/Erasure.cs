using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Users;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.Application.Users;

/// <summary>What an erasure does outside the log: the person's key is deleted, and the password.</summary>
public sealed class Erasure(IUserNames names, IPasswordStore store, UserRing ring)
{
    /// <summary>Can be repeated, on each node.</summary>
    public async Task FinishAsync(UserErased fact, CancellationToken cancellationToken)
    {
        ring.Remove(fact.Account());
        if (fact.Id is { } id)
        {
            await names.EraseAsync(id, cancellationToken);
        }

        await store.DeleteAsync(fact.PasswordId, cancellationToken);
        if (fact.SecretId is { } secret)
        {
            await store.DeleteAsync(secret, cancellationToken);
        }
    }
}

/// <summary>
/// At a start, finishes erasures that broke off, and does those again that the log has lost since: a backup of before an erasure
/// does not bring the person back.
/// </summary>
public sealed partial class ErasureKeeper(
    Erasure erasure, IUserNames names, IFacts facts, IEventStore events, TimeProvider time, ILogger<ErasureKeeper> logger)
    : BackgroundService
{
    private const string Reason = "Erased before the log was set back";

    private static readonly string[] _erased = ["user_erased"];

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await RepeatAsync(stoppingToken);
                await FinishAsync(stoppingToken);
                return;
            }
            catch (Exception e) when (e is DependencyUnavailableException or TimeoutException or IOException)
            {
                // A log that was set back takes no facts until somebody says why; what is erased stays unreadable meanwhile.
                LogRetry(e.Message);
                await Task.Delay(RetryPause, time, stoppingToken);
            }
        }
    }

    private async Task RepeatAsync(CancellationToken cancellationToken)
    {
        // Keys first, all of them: the log may take its time.
        foreach (UserId id in names.Erased)
        {
            await names.EraseAsync(id, cancellationToken);
        }

        IStreams streams = events.For(Caller.System("keeper", Guid.CreateVersion7().ToString("d")).Origin);
        foreach (UserId id in names.Erased)
        {
            if (await streams.LoadAsync(User.Decider, id.ToString(), cancellationToken) is User.Created)
            {
                var name = new UserName(PersonalMember.Erased);
                foreach (UserCommand command in (UserCommand[])[new DisableUser(name, Reason), new EraseUser(name, Reason)])
                {
                    await streams.TransactAsync(User.Decider, id.ToString(), command with { Id = id }, cancellationToken);
                }

                LogRepeated(id.Account);
            }
        }
    }

    private async Task FinishAsync(CancellationToken cancellationToken)
    {
        for (long after = 0; ;)
        {
            FactsFound found = await facts.FindAsync(new FactQuery(Types: _erased, After: after), cancellationToken);
            foreach (StoredFact stored in found.Facts)
            {
                if (stored.Fact is UserErased fact)
                {
                    await erasure.FinishAsync(fact, cancellationToken);
                }
            }

            if (!found.HasMore || found.Facts.Count == 0)
            {
                return;
            }

            after = found.Facts[^1].Position;
        }
    }

    [LoggerMessage(EventId = 2961, Level = LogLevel.Warning, Message = "Erasures: tried again shortly: {Why}")]
    private partial void LogRetry(string why);

    [LoggerMessage(EventId = 2962, Level = LogLevel.Information, Message = "Erasures: {Account} was erased again")]
    private partial void LogRepeated(string account);
}
