using System.Security.Claims;

namespace Events.GraphQL.Transports;

/// <summary>Counts what each principal has running, over all transports.</summary>
internal sealed class Quotas(GraphQLTransportOptions options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _running = new(StringComparer.Ordinal);

    /// <param name="key">What to give to <see cref="Leave"/>; null when this principal is not counted.</param>
    /// <returns>False: it has as much running as it may.</returns>
    internal bool TryEnter(ClaimsPrincipal? user, out string? key)
    {
        key = user is null ? null : options.PrincipalKey(user);
        if (key is null)
        {
            return true;
        }

        lock (_gate)
        {
            int running = _running.GetValueOrDefault(key);
            if (running >= options.OperationsPerPrincipalMax)
            {
                return false;
            }

            _running[key] = running + 1;
            return true;
        }
    }

    internal void Leave(string? key)
    {
        if (key is null)
        {
            return;
        }

        lock (_gate)
        {
            if (--_running[key] == 0)
            {
                _running.Remove(key);
            }
        }
    }
}
