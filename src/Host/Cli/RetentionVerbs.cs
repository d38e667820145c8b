using System.CommandLine;
using Events.Host.Control;

namespace Events.Host.Cli;

/// <summary><c>retention</c>: how long footage is kept, and how full the disk is.</summary>
internal static class RetentionVerbs
{
    public static Command Build(Option<string> format)
    {
        var type = new Option<string>("--type")
        {
            Description = "age: older files go. size: the oldest go. manual: nothing goes by itself.",
            Required = true,
        };
        type.AcceptOnlyFromAmong("age", "size", "manual");
        var days = new Option<int?>("--max-age-days")
        {
            Description = "Files are kept for so many days after their last picture.",
        };
        var size = new Option<double?>("--max-size-gb")
        {
            Description = "All files together take at most so many GB (2^30 bytes); those under legal hold are not counted.",
        };
        var disabled = new Option<bool>("--disabled") { Description = "Set the policy, but delete nothing." };

        return new Command("retention", "How long recordings and snapshots are kept.")
        {
            CommandLine.Verb("show", "Shows the policy, the disk and the newest cleanups.", [format],
                async (given, client, token) => Tables.Retention(
                    await client.GetAsync("/control/retention", ControlJson.Default.RetentionRow, token),
                    CommandLine.IsJson(given))),
            CommandLine.Verb("set", "Sets the policy; it is enforced at once.", [type, days, size, disabled, format],
                async (given, client, token) => Tables.Retention(
                    await client.PostAsync(
                        "/control/retention/policy",
                        new PolicyWish(
                            given.GetRequiredValue(type),
                            !given.GetValue(disabled),
                            given.GetValue(days),
                            given.GetValue(size)),
                        ControlJson.Default.PolicyWish,
                        ControlJson.Default.RetentionRow,
                        token),
                    CommandLine.IsJson(given))),
            CommandLine.Verb("run", "Deletes now what the policy says is due.", [format],
                async (given, client, token) => Tables.Cleanup(
                    await client.PostAsync(
                        "/control/retention/cleanups",
                        new NothingMore(),
                        ControlJson.Default.NothingMore,
                        ControlJson.Default.CleanupRow,
                        token),
                    CommandLine.IsJson(given))),
        };
    }
}
