"""The template of the self-test: every kind of resource ours uses, small."""

TEMPLATE = """
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Parameters:
  Architecture: {Type: String, Default: arm64}
  Greeting: {Type: String}
  Concurrency: {Type: Number, Default: 4}
Conditions:
  Plain: !Equals [!Ref Architecture, x86_64]
Globals:
  Function: {Runtime: provided.al2023, Handler: bootstrap, Timeout: 10, Architectures: [!Ref Architecture]}
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties: {DefaultRouteSettings: {ThrottlingBurstLimit: 20, ThrottlingRateLimit: 10}}
  IngestFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: function}}
    Properties:
      CodeUri: .
      Role: !GetAtt IngestRole.Arn
      Environment: {Variables: {NAME: ingest, GREETING: !Ref Greeting, QUEUE: !Ref Queue}}
      Events:
        Webhook: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: POST, Path: "/webhooks/{source}"}}
        Verify: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: "/channels/{provider}"}}
  IngestRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: ingest
          PolicyDocument:
            Version: 2012-10-17
            Statement:
              - {Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Queue.Arn}
              - {Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Secret}
              - Effect: Allow
                Action: [dynamodb:PutItem, dynamodb:Query]
                Resource: !GetAtt Table.Arn
                Condition: {ForAllValues:StringLike: {dynamodb:LeadingKeys: ["c#main#*"]}}
              - Effect: Allow
                Action: scheduler:CreateSchedule
                Resource: !Sub "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${Group}/*"
              - Effect: Allow
                Action: iam:PassRole
                Resource: !GetAtt SchedulerRole.Arn
                Condition: {StringEquals: {iam:PassedToService: scheduler.amazonaws.com}}
  WorkerFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/function/
      Environment: {Variables: {NAME: worker}}
      LoggingConfig: {LogGroup: !Ref WorkerLogs}
      Events:
        Messages:
          Type: SQS
          Properties:
            Queue: !GetAtt Queue.Arn
            BatchSize: 5
            FunctionResponseTypes: [ReportBatchItemFailures]
            ScalingConfig: {MaximumConcurrency: !Ref Concurrency}
        Daily:
          Type: ScheduleV2
          Properties: {GroupName: !Ref Group, ScheduleExpression: rate(1 day), ScheduleExpressionTimezone: Asia/Kolkata}
  FallbackFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: function
      Environment: {Variables: {NAME: fallback}}
      Events:
        Messages:
          Type: SQS
          Properties: {Queue: !GetAtt Fallback.Arn, FunctionResponseTypes: [ReportBatchItemFailures]}
  WorkerLogs: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 10
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Fallback.Arn, maxReceiveCount: 1}
  Fallback:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 10
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Parked.Arn, maxReceiveCount: 1}
  Parked: {Type: AWS::SQS::Queue, Properties: {MessageRetentionPeriod: 1209600}}
  Idle: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 2}}
  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: sqs:*
            Resource: !GetAtt Queue.Arn
            Condition: {Bool: {aws:SecureTransport: false}}
  Heard: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 2}}
  HeardPolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Heard]
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {Service: sns.amazonaws.com}
            Action: sqs:SendMessage
            Resource: !GetAtt Heard.Arn
            Condition: {ArnEquals: {aws:SourceArn: !Ref Topic}}
  Topic: {Type: AWS::SNS::Topic}
  OtherTopic: {Type: AWS::SNS::Topic}
  TopicPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Topic]
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {Service: sms-voice.amazonaws.com}
            Action: sns:Publish
            Resource: !Ref Topic
            Condition: {StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}}
  Subscription:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Heard.Arn, RawMessageDelivery: true}
  OtherSubscription:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref OtherTopic, Protocol: sqs, Endpoint: !GetAtt Heard.Arn, RawMessageDelivery: true}
  ConfigurationSet:
    Type: AWS::SMSVOICE::ConfigurationSet
    DependsOn: TopicPolicy
    Properties:
      ConfigurationSetName: self-test
      EventDestinations:
        - EventDestinationName: heard
          Enabled: true
          MatchingEventTypes: [TEXT_DELIVERED]
          SnsDestination: {TopicArn: !Ref Topic}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: !GetAtt Parked.QueueName}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
  Group: {Type: AWS::Scheduler::ScheduleGroup}
  SchedulerRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {Service: scheduler.amazonaws.com}
            Action: sts:AssumeRole
            Condition: {StringEquals: {aws:SourceArn: !GetAtt Group.Arn, aws:SourceAccount: !Ref AWS::AccountId}}
      Policies:
        - PolicyName: send
          PolicyDocument:
            Version: 2012-10-17
            Statement: [{Effect: Allow, Action: sqs:SendMessage, Resource: [!GetAtt Queue.Arn, !GetAtt Idle.Arn]}]
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: {GenerateSecretString: {PasswordLength: 40, ExcludePunctuation: true}}
  EmptySecret: {Type: AWS::SecretsManager::Secret}
Outputs:
  WebhookUrl: {Value: !Sub "${Api.ApiEndpoint}/webhooks/stripe"}
  ApiUrl: {Value: !GetAtt Api.ApiEndpoint}
  Plain: {Value: !If [Plain, "yes", "no"]}
"""
