using Events.Application.Contracts;
using Events.Domain.Users;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.Application.Users;

/// <summary>Keeps the ring of users and sessions as the log says, on each node.</summary>
public sealed partial class UserKeeper(
    UserRing ring, Erasure erasure, RowsAndFacts past, ICommits commits, ILog log, TimeProvider time, ILogger<UserKeeper> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? position = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                position ??= await LoadAsync(stoppingToken);
                await foreach (StoredFact stored in commits.FollowAsync(position.Value, stoppingToken))
                {
                    await TakeAsync(stored, stoppingToken);
                    position = stored.Position;
                    ring.Reach(stored.Position);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                LogRetry(e);
                await Task.Delay(RetryPause, time, stoppingToken);
            }
        }
    }

    private async Task TakeAsync(StoredFact stored, CancellationToken cancellationToken)
    {
        Take(stored);
        if (stored.Fact is UserErased erased)
        {
            // What this node holds in memory of the person goes, too.
            try
            {
                await erasure.FinishAsync(erased, cancellationToken);
            }
            catch (IOException full)
            {
                LogUnfinished(full); // Others must be able to sign in all the same.
            }
        }
    }

    /// <summary>The fact itself counts: a view may stand still, be built anew, or have been told to pass over it.</summary>
    private void Take(StoredFact stored)
    {
        if (stored.Fact is UserEvent user)
        {
            ring.Take(new Recorded<UserEvent>(user, stored.Position, stored.Version));
        }
        else if (stored.Fact is SessionEvent session)
        {
            ring.Take(new Recorded<SessionEvent>(session, stored.Position, stored.Version));
        }
    }

    private async Task<long> LoadAsync(CancellationToken cancellationToken)
    {
        long head = await log.HeadAsync(cancellationToken);
        long users = await past.WaitAsync(UserViewProjection.View, head, cancellationToken);
        long sessions = await past.WaitAsync(SessionViewProjection.View, head, cancellationToken);
        await past.EachRowAsync(UserViewProjection.View, [], ring.Put, cancellationToken);
        await past.EachFactAsync(UserViewProjection.View, users, head, static _ => true, Take, cancellationToken);
        ViewFilter[] open =
        [
            new("is_open", ViewOperator.Equal, true), new("expires_at", ViewOperator.Above, time.GetUtcNow()),
        ];
        await past.EachRowAsync(SessionViewProjection.View, open, ring.Put, cancellationToken);
        await past.EachFactAsync(
            SessionViewProjection.View,
            sessions,
            head,
            static type => type != typeof(SessionRefreshed),
            Take,
            cancellationToken);
        ring.Reach(head);
        return head;
    }

    [LoggerMessage(EventId = 2902, Level = LogLevel.Error, Message = "Users: an erasure is finished at the next start")]
    private partial void LogUnfinished(Exception exception);

    [LoggerMessage(EventId = 2901, Level = LogLevel.Warning, Message = "Users: following the log again in a second")]
    private partial void LogRetry(Exception exception);
}
