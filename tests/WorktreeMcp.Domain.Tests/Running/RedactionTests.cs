using FluentAssertions;
using WorktreeMcp.Domain.Running;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

public sealed class RedactionTests
{
    // In two halves, so that nobody who searches this file for secrets takes them for real ones.
    private const string Personal = "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789";
    private const string Access = "AKIA" + "ABCDEFGHIJKLMNOP";
    private const string Web = "eyJhbGciOiJI" + ".eyJzdWIiOiIx" + ".c2lnbmF0dXJl";

    [Theory]
    [InlineData("mysql --password hunter2 db", "mysql --password *** db")]
    [InlineData("mysql --password=hunter2 db", "mysql --password=*** db")]
    [InlineData("mysql --password='two words' db", "mysql --password=*** db")]
    [InlineData("mysql -u root -phunter2 db", "mysql -u root -p*** db")]
    [InlineData("sshpass -p hunter2 ssh host", "sshpass -p *** ssh host")]
    [InlineData("deploy --api-key abc123 --force", "deploy --api-key *** --force")]
    [InlineData("deploy --github-token \"abc 123\"", "deploy --github-token ***")]
    [InlineData("PASSWORD=hunter2 make test", "PASSWORD=*** make test")]
    [InlineData("export DB_PASSWORD=\"hunter 2\"; run", "export DB_PASSWORD=***; run")]
    [InlineData("PGPASSWORD=x psql", "PGPASSWORD=*** psql")]
    [InlineData("MYSQL_PWD=x mysql", "MYSQL_PWD=*** mysql")]
    [InlineData("env AWS_SECRET_ACCESS_KEY=x/y+z aws s3 ls", "env AWS_SECRET_ACCESS_KEY=*** aws s3 ls")]
    [InlineData("npm_config__authToken=x npm publish", "npm_config__authToken=*** npm publish")]
    [InlineData("curl -H 'Authorization: Bearer abc.def' https://x", "curl -H 'Authorization: Bearer ***' https://x")]
    [InlineData("curl -H \"authorization: Basic dXNlcjpw\" https://x", "curl -H \"authorization: Basic ***\" https://x")]
    [InlineData("curl -H 'X-Api-Key: abc' https://x", "curl -H 'X-Api-Key: ***' https://x")]
    [InlineData("curl -u ben:hunter2 https://x", "curl -u ben:*** https://x")]
    [InlineData("git clone https://ben:hunter2@example.org/r.git", "git clone https://ben:***@example.org/r.git")]
    [InlineData("psql postgres://app:p%40ss@db:5432/x", "psql postgres://app:***@db:5432/x")]
    [InlineData("git push https://abcdefghij0123456789xyz@example.org/r", "git push https://***@example.org/r")]
    [InlineData("echo " + Personal, "echo ***")]
    [InlineData("aws configure set k " + Access, "aws configure set k ***")]
    [InlineData("verify " + Web, "verify ***")]
    [InlineData("printf -- '-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----' > k", "printf -- '***' > k")]
    public void What_looks_like_a_secret_is_taken_out(string command, string redacted) => Redaction.Of(command).Should().Be(redacted);

    [Theory]
    [InlineData("make test")]
    [InlineData("git commit -m 'Rotate the token of the password store'")]
    [InlineData("git checkout 0123456789abcdef0123456789abcdef01234567")]
    [InlineData("TOKENIZERS_PARALLELISM=false python train.py --max-tokens 100")]
    [InlineData("MAX_TOKENS=5 run")]
    [InlineData("PASSWORD_FILE=/run/secrets/db run")]
    [InlineData("docker login --password-stdin < file")]
    [InlineData("docker login --password-file /run/secrets/db")]
    [InlineData("PASSWORD=$DB_PASSWORD make")]
    [InlineData("PASSWORD=\"$(cat file)\" make")]
    [InlineData("curl -H \"Authorization: Bearer $TOKEN\" https://x")]
    [InlineData("git clone https://example.org/r.git")]
    [InlineData("git clone git@example.org:team/r.git")]
    [InlineData("git clone https://ben@example.org/r.git")]
    [InlineData("BYPASS=1 COMPASS=north make")]
    [InlineData("cd \"$OLDPWD\" && PWD=/x env")]
    [InlineData("grep -rn password src")]
    [InlineData("grep -rn 'token: string' src | head")]
    [InlineData("dotnet test --filter Token=Valid.Name")]
    [InlineData("npm test -- --token-limit 5 --no-password")]
    [InlineData("deploy --token --force")]
    [InlineData("docker run -u 1000:1000 image")]
    [InlineData("mysql -p db")]
    [InlineData("http://localhost:8080/a@b")]
    [InlineData("task-sk-and-more sk-short risk-assessment-of-the-whole-thing")]
    [InlineData("")]
    public void What_only_resembles_one_stays(string command) => Redaction.Of(command).Should().Be(command);

    [Theory]
    [InlineData("java -Ddb.password=hunter2 Main", "java -Ddb.password=*** Main")]
    [InlineData("helm install --set db.PASSWORD=hunter2", "helm install --set db.PASSWORD=***")]
    [InlineData("..PASSWORD=x make", "..PASSWORD=*** make")]
    [InlineData("a.b.PASS=x make", "a.b.PASS=*** make")]
    [InlineData("echo $x.token=y", "echo $x.token=***")]
    [InlineData("curl -H 'Authorization:    Bearer    abc'", "curl -H 'Authorization:    Bearer    ***'")]
    public void A_secret_behind_dots_and_blanks_is_taken_out(string command, string redacted) => Redaction.Of(command).Should().Be(redacted);

    [Theory]
    [InlineData(".", "")]
    [InlineData("=", "")]
    [InlineData("a=", "")]
    [InlineData("a.", "=")]
    [InlineData("token", "")]
    [InlineData("x.password", "")]
    [InlineData(" ", "authorization:")]
    [InlineData("\t", "cookie:")]
    [InlineData(" ", "-u")]
    [InlineData(" ", "--password")]
    [InlineData(" ", "sshpass")]
    [InlineData(" ", "sshpass -p")]
    [InlineData("authorization ", "")]
    [InlineData("authorization: ", "")]
    [InlineData("bearer ", "")]
    [InlineData("-a", "-")]
    [InlineData("--a_", "")]
    [InlineData(" -a", "")]
    [InlineData("a://", "")]
    [InlineData("a://b:", "")]
    [InlineData("eyJaaaaaaaa.", "")]
    [InlineData("-", "")]
    [InlineData("-----BEGIN ", "")]
    [InlineData("A ", "-----BEGIN ")]
    [InlineData("-----END A", "-----BEGIN PRIVATE KEY-----")]
    [InlineData("\"", "PASSWORD=")]
    [InlineData("\\\"", "PASSWORD=\"")]
    [InlineData("PASSWORD=\"", "")]
    [InlineData("mysql ", "")]
    [InlineData("a b=", "authorization: ")]
    [InlineData("=", "authorization: a b")]
    [InlineData("-u a", "")]
    public async Task However_long_a_text_is_and_whatever_it_repeats_it_is_read_in_time(string repeated, string begin)
    {
        var text = begin + string.Concat(Enumerable.Repeat(repeated, 150_000 / repeated.Length));

        // On a thread of its own, whatever else runs. In time that grows with the square of the length it would take many minutes.
        (await Task.Factory.StartNew(() => Redaction.Of(text), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(TimeSpan.FromMinutes(2))).Should().NotBeEmpty();
    }

    [Fact]
    public void The_longest_command_is_read_at_once()
    {
        var nasty = string.Concat(Enumerable.Repeat("--password-x_", 2_500));

        Redaction.Of(nasty).Should().Be(nasty);
        Redaction.Of(new string('_', 32_000)).Should().HaveLength(32_000);
        Redaction.Of(string.Concat(Enumerable.Repeat("mysql ", 5_000))).Should().HaveLength(30_000);
    }
}
