using Events.GraphQL.Types;
using Microsoft.Extensions.Logging;

namespace Events.GraphQL.Execution;

/// <summary>What a client is told of exceptions, and what the log is.</summary>
internal static partial class Faults
{
    private const string Masked = "Internal server error";

    /// <param name="isExpected">The execution was ended, so it is no wonder, and not worth a line in the log.</param>
    internal static GraphQLError Told(Exception failure, PlannedField field, ExecutionSettings settings, bool isExpected)
    {
        switch (failure)
        {
            case GraphQLException told:
                return told.Error;
            case CoercionException unfit:
                return new GraphQLError(unfit.Message) { Hint = unfit.Hint };
            case OperationCanceledException when isExpected:
                break;
            case var known when settings.Options.ErrorOf?.Invoke(known) is { } error:
                return error;
            default:
                LogResolverFailed(settings.Logger, failure, field.ParentType.Name, field.Definition.Name);
                break;
        }

        return Hidden(failure, settings);
    }

    /// <summary>Of what no resolver is to blame for.</summary>
    internal static GraphQLError Unexpected(Exception failure, ExecutionSettings settings)
    {
        LogRequestFailed(settings.Logger, failure);
        return Hidden(failure, settings);
    }

    internal static GraphQLError SourceFailed(Exception failure, PlannedField field, ExecutionSettings settings)
    {
        if (failure is GraphQLException told)
        {
            return told.Error;
        }

        if (settings.Options.ErrorOf?.Invoke(failure) is { } error)
        {
            return error;
        }

        LogSourceFailed(settings.Logger, failure, field.Definition.Name);
        return Hidden(failure, settings);
    }

    private static GraphQLError Hidden(Exception failure, ExecutionSettings settings) =>
        Limit.Coded(settings.Options.MessageOf?.Invoke(failure) ?? Masked, Limit.Unexpected);

    [LoggerMessage(EventId = 6201, Level = LogLevel.Error, Message = "The resolver of {Type}.{Field} failed")]
    private static partial void LogResolverFailed(ILogger logger, Exception failure, string type, string field);

    [LoggerMessage(EventId = 6202, Level = LogLevel.Error, Message = "A GraphQL request failed outside of its resolvers")]
    private static partial void LogRequestFailed(ILogger logger, Exception failure);

    [LoggerMessage(EventId = 6203, Level = LogLevel.Error, Message = "The source of the subscription {Field} failed")]
    private static partial void LogSourceFailed(ILogger logger, Exception failure, string field);
}
